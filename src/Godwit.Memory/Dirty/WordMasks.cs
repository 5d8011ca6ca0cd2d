using System.Runtime.InteropServices;

namespace Godwit.Memory;

/// <summary>Walks the 64-bit words that a range of bits touches, with the mask of the bits inside each word.</summary>
[StructLayout(LayoutKind.Auto)]
internal ref struct WordMasks
{
    private readonly ulong _end;
    private ulong _next;

    internal WordMasks(ulong from, ulong count)
    {
        _next = from;
        _end = from + count;
    }

    public (int Index, ulong Mask) Current { get; private set; }

    public readonly WordMasks GetEnumerator() => this;

    public bool MoveNext()
    {
        if (_next >= _end)
            return false;
        var shift = (int)(_next & 63);
        var bits = (int)Math.Min(64UL - (ulong)shift, _end - _next);
        Current = ((int)(_next >> 6), (ulong.MaxValue >> (64 - bits)) << shift);
        _next += (ulong)bits;
        return true;
    }
}
