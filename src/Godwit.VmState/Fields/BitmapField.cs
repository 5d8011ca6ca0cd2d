using Godwit.Wire;

namespace Godwit.VmState;

/// <summary>Words of 64 bits; bit i is bit i mod 64 of word i / 64. The number of bits is another member.</summary>
internal sealed class BitmapField<T>(
    string name,
    FieldSpan<T, ulong> words,
    Func<T, long> bitCount,
    int maximumBits,
    uint since,
    Func<T, uint, bool>? when) : ElementField<T>(name, "bitmap", since, when)
    where T : class
{
    private const int BitsPerWord = 64;

    private readonly ElementCount<T> _count = new(name, bitCount, maximumBits);

    protected override int GetCount(T owner, MigrationReader? reader) => 1;

    protected override void SaveElement(T owner, int index, in SaveContext context)
    {
        foreach (ulong word in words(owner)[..GetWordCount(owner, reader: null)])
            context.Writer.WriteUInt64(word);
    }

    protected override void LoadElement(T owner, int index, in LoadContext context)
    {
        foreach (ref ulong word in words(owner)[..GetWordCount(owner, context.Reader)])
            word = context.Reader.ReadUInt64();
    }

    private int GetWordCount(T owner, MigrationReader? reader)
    {
        int bits = _count.Get(owner, 0, reader);
        return _count.CheckCapacity((int)(((long)bits + BitsPerWord - 1) / BitsPerWord), words(owner).Length, reader);
    }
}
