using System.Runtime.CompilerServices;

namespace Godwit.VmState.Tests;

/// <summary>An object of any shape for random descriptions: values come into being when they are first asked for.</summary>
/// <param name="random">Fills a sender's bag; null gives a receiver's, all zero.</param>
internal sealed class Bag(Random? random)
{
    private readonly Dictionary<int, object> _slots = [];

    public ref ulong Number(int slot) => ref Get(slot, () => new StrongBox<ulong>((ulong)(random?.NextInt64() ?? 0))).Value;

    public ref byte Byte(int slot, int limit) => ref Get(slot, () => new StrongBox<byte>((byte)(random?.Next(limit + 1) ?? 0))).Value;

    public ref uint Word(int slot) => ref Get(slot, () => new StrongBox<uint>((uint)(random?.NextInt64(1L << 32) ?? 0))).Value;

    public ref long? Expiry(int slot) =>
        ref Get(slot, () => new StrongBox<long?>(random is null || random.Next(3) == 0 ? null : random.NextInt64())).Value;

    public byte[] Bytes(int slot, int count) => Get(slot, () =>
    {
        var bytes = new byte[count];

        // Fives and printable names look like subsections.
        random?.GetItems("\x05\x05\x00\x7e0d/"u8, bytes);
        return bytes;
    });

    public ushort[] Halves(int slot, int count) => Get(slot, () =>
    {
        var halves = new ushort[count];
        for (int i = 0; i < count; i++)
            halves[i] = (ushort)(random?.Next(65536) ?? 0);
        return halves;
    });

    public Bag[] Children(int slot, int count) => Get(slot, () => Enumerable.Range(0, count).Select(_ => new Bag(random)).ToArray());

    public List<Bag> Queue(int slot) => Get(slot, () => Enumerable.Range(0, random?.Next(4) ?? 0).Select(_ => new Bag(random)).ToList());

    public SortedDictionary<ulong, Bag> Tree(int slot) => Get(slot, () =>
    {
        var tree = new SortedDictionary<ulong, Bag>();
        for (int i = random?.Next(4) ?? 0; i > 0; i--)
            tree[(ulong)random!.NextInt64()] = new Bag(random);
        return tree;
    });

    /// <summary>The same nulls on both sides.</summary>
    public Bag?[] Pointers(int slot, int count, int pattern) =>
        Get(slot, () => Enumerable.Range(0, count).Select(i => (pattern >> i & 1) != 0 ? new Bag(random) : null).ToArray());

    /// <summary>Nulls that the sender decides.</summary>
    public Bag?[] Sparse(int slot, int count) =>
        Get(slot, () => Enumerable.Range(0, count).Select(_ => random?.Next(2) == 1 ? new Bag(random) : null).ToArray());

    private TValue Get<TValue>(int slot, Func<TValue> make)
        where TValue : class
    {
        if (_slots.TryGetValue(slot, out object? known))
            return (TValue)known;
        TValue made = make();
        _slots.Add(slot, made);
        return made;
    }
}
