namespace Godwit.Machine;

/// <summary>The 16-byte ring of a 16550: bytes, place of the oldest, count.</summary>
internal sealed class ByteFifo
{
    public const int Capacity = 16;

    private readonly byte[] _data = new byte[Capacity];
    private uint _head;
    private uint _count;

    public bool IsEmpty => _count == 0;

    public bool IsFull => _count == Capacity;

    public int Count => (int)_count;

    /// <summary>The raw ring, as the state has it.</summary>
    public Span<byte> Data => _data;

    public ref uint Head => ref _head;

    public ref uint Number => ref _count;

    /// <summary>Whether head and count, after a load, lie inside the ring.</summary>
    public bool IsConsistent => _head < Capacity && _count <= Capacity;

    public void Clear() => _head = _count = 0;

    /// <summary>Takes a byte in; false when there is no room.</summary>
    public bool TryPush(byte value)
    {
        if (IsFull)
            return false;
        _data[(_head + _count++) % Capacity] = value;
        return true;
    }

    /// <summary>Takes the oldest byte out; 0 when there is none.</summary>
    public byte Pop()
    {
        if (IsEmpty)
            return 0;
        byte value = _data[_head];
        _head = (_head + 1) % Capacity;
        _count--;
        return value;
    }
}
