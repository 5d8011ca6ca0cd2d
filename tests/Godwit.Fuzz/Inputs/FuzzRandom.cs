namespace Godwit.Fuzz;

/// <summary>SplitMix64: the same numbers from the same seed on every machine, and cheap to start anew for each input.</summary>
internal sealed class FuzzRandom(ulong seed)
{
    private ulong _state = seed;

    /// <summary>Starts the sequence of one input of a run.</summary>
    public void Restart(ulong seed, long index) => _state = (seed * 0xd1342543de82ef95) ^ ((ulong)index * 0x9e3779b97f4a7c15);

    public ulong NextUInt64()
    {
        ulong z = _state += 0x9e3779b97f4a7c15;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        return z ^ (z >> 31);
    }

    public uint NextUInt32() => (uint)(NextUInt64() >> 32);

    public byte NextByte() => (byte)(NextUInt64() >> 56);

    /// <summary>0 to <paramref name="limit"/> - 1.</summary>
    public int Next(int limit) => (int)(((NextUInt64() >> 32) * (ulong)limit) >> 32);

    /// <summary><paramref name="first"/> to <paramref name="last"/>, both included.</summary>
    public int Between(int first, int last) => first + Next(last - first + 1);

    public bool OneIn(int chances) => Next(chances) == 0;

    public T Pick<T>(params ReadOnlySpan<T> choices) => choices[Next(choices.Length)];

    public void Fill(Span<byte> bytes)
    {
        foreach (ref byte b in bytes)
            b = NextByte();
    }
}
