using Godwit.Memory;

namespace Godwit.Migration;

/// <summary>Which pages of one block are still to be sent, and which parts of its provider's log are still to be cleared.</summary>
/// <remarks>Guarded by the mutex of the <see cref="MigrationBitmap"/> that owns it.</remarks>
public sealed class RamBlockBitmap
{
    private readonly ulong[] _dirty;
    private readonly ulong[] _clear;
    private readonly int _clearShift;

    /// <summary>All pages of <paramref name="block"/> are to be sent; nothing is to be cleared.</summary>
    /// <param name="block">The block; its length must not change while this object is used.</param>
    /// <param name="clearShift">Log2 of the pages per chunk of the lazily cleared log.</param>
    internal RamBlockBitmap(RamBlock block, int clearShift)
    {
        Block = block;
        _clearShift = clearShift;
        PageCount = (long)(block.UsedLengthBytes >> TargetPage.Bits);
        _dirty = new ulong[TargetPage.WordsFor((ulong)PageCount)];
        long chunks = (PageCount + (1L << clearShift) - 1) >> clearShift;
        _clear = new ulong[TargetPage.WordsFor((ulong)chunks)];
        PageBitmap.SetRange(_dirty, 0, (ulong)PageCount);

        // What the dirty memory moves by whole words may have its log cleared later, chunk by chunk.
        IsWordAligned = DirtyMemory.IsWordPath(block.Offset, (ulong)PageCount << TargetPage.Bits);
    }

    /// <summary>The block.</summary>
    public RamBlock Block { get; }

    /// <summary>Pages in use.</summary>
    public long PageCount { get; }

    /// <summary>Whether syncing goes by whole words, with the provider's log cleared lazily.</summary>
    public bool IsWordAligned { get; }

    /// <summary>One bit per page.</summary>
    internal Span<ulong> Words => _dirty;

    /// <summary>The first page at or after <paramref name="from"/> still to be sent, or <see cref="PageCount"/>.</summary>
    internal long FindNext(long from) => (long)PageBitmap.FindNextSet(_dirty, (ulong)from, (ulong)PageCount);

    /// <summary>How many neighbouring pages from <paramref name="first"/> on are still to be sent, at most <paramref name="max"/>.</summary>
    internal int RunLength(long first, int max)
    {
        long limit = Math.Min(PageCount, first + max);
        return (int)((long)PageBitmap.FindNextClear(_dirty, (ulong)first, (ulong)limit) - first);
    }

    /// <summary>Clears the bits of a run.</summary>
    internal void ClearRun(long first, int count) => PageBitmap.ClearRange(_dirty, (ulong)first, (ulong)count);

    /// <summary>Remembers that the provider still has stale bits everywhere in the block.</summary>
    internal void OweClearing() => Array.Fill(_clear, ulong.MaxValue);

    /// <summary>Whether the log of the chunk of <paramref name="page"/> is still to be cleared; it is not any more afterwards.</summary>
    /// <param name="page">A page of the block.</param>
    /// <param name="chunkFirst">First page of the chunk.</param>
    /// <param name="chunkCount">Pages of the chunk, clipped to the block.</param>
    internal bool TakeOwedClearing(long page, out long chunkFirst, out long chunkCount)
    {
        long chunk = page >> _clearShift;
        chunkFirst = chunk << _clearShift;
        chunkCount = Math.Min(1L << _clearShift, PageCount - chunkFirst);
        ulong mask = 1UL << (int)(chunk % TargetPage.PerWord);
        ref ulong word = ref _clear[chunk / TargetPage.PerWord];
        if ((word & mask) == 0)
            return false;
        word &= ~mask;
        return true;
    }

    /// <summary>First page behind the chunk of <paramref name="page"/>.</summary>
    internal long ChunkEnd(long page) => ((page >> _clearShift) + 1) << _clearShift;
}
