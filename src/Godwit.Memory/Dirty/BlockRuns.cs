using System.Runtime.InteropServices;

namespace Godwit.Memory;

/// <summary>Splits a range of pages of the linear RAM space at the borders of bitmap blocks.</summary>
[StructLayout(LayoutKind.Auto)]
internal ref struct BlockRuns
{
    private ulong _next;
    private ulong _left;

    internal BlockRuns(ulong first, ulong count)
    {
        _next = first;
        _left = count;
    }

    /// <summary>Bitmap block, first page inside it, number of pages.</summary>
    public (int Block, ulong First, ulong Count) Current { get; private set; }

    public readonly BlockRuns GetEnumerator() => this;

    public bool MoveNext()
    {
        if (_left == 0)
            return false;
        var inside = _next % DirtyMemory.PagesPerBlock;
        var count = Math.Min(_left, DirtyMemory.PagesPerBlock - inside);
        Current = ((int)(_next / DirtyMemory.PagesPerBlock), inside, count);
        _next += count;
        _left -= count;
        return true;
    }
}
