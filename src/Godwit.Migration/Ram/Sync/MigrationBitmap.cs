using System.Collections.Immutable;
using Godwit.Memory;

namespace Godwit.Migration;

/// <summary>
/// What one outgoing migration still has to send: a bit per page of every migrated block, fed from the dirty memory
/// (docs/formats/ram.md, "Bitmap sync").
/// </summary>
/// <remarks>
/// <para>
/// The order that loses no write: the dirty log is harvested and merged, the bits are moved here, the provider's log is
/// cleared (which arms it again), a page's bit is cleared, the page is read. A write after the arming shows in the next
/// harvest; a write before it is in what is read.
/// </para>
/// <para>All members may be used from any thread; <see cref="Sync"/> by one at a time.</para>
/// </remarks>
public sealed class MigrationBitmap
{
    /// <summary>Default of the chunk size of the lazily cleared log: 2^18 pages, 1 GiB.</summary>
    public const int DefaultClearShift = 18;

    /// <summary>Smallest chunk: 64 pages, so that a chunk is whole words.</summary>
    public const int MinClearShift = 6;

    /// <summary>Largest chunk.</summary>
    public const int MaxClearShift = 31;

    private readonly MemorySystem _memory;
    private readonly Lock _mutex = new();
    private long _dirtyPages;
    private long _newlyDirtyPages;
    private long _dirtyBytesAtLastSync;
    private long _syncCount;

    /// <summary>All pages of all <paramref name="blocks"/> are to be sent.</summary>
    /// <param name="memory">Where dirty bits come from.</param>
    /// <param name="blocks">The blocks whose content is migrated, in wire order.</param>
    /// <param name="clearShift">Log2 of the pages per chunk; clamped to the legal range.</param>
    public MigrationBitmap(MemorySystem memory, IEnumerable<RamBlock> blocks, int clearShift = DefaultClearShift)
    {
        ArgumentNullException.ThrowIfNull(memory);
        ArgumentNullException.ThrowIfNull(blocks);
        _memory = memory;
        int shift = Math.Clamp(clearShift, MinClearShift, MaxClearShift);
        Blocks = [.. blocks.Select(block => new RamBlockBitmap(block, shift))];
        foreach (RamBlockBitmap block in Blocks)
            _dirtyPages += block.PageCount;
    }

    /// <summary>The migrated blocks in wire order.</summary>
    public ImmutableArray<RamBlockBitmap> Blocks { get; }

    /// <summary>Pages still to be sent: the number of set bits.</summary>
    public long DirtyPages => Interlocked.Read(ref _dirtyPages);

    /// <summary>Bytes still to be sent.</summary>
    public long DirtyBytes => DirtyPages << TargetPage.Bits;

    /// <summary>Pages that syncs found newly dirty, since the start.</summary>
    public long NewlyDirtyPages => Interlocked.Read(ref _newlyDirtyPages);

    /// <summary><see cref="DirtyBytes"/> as it was right after the last sync.</summary>
    public long DirtyBytesAtLastSync => Interlocked.Read(ref _dirtyBytesAtLastSync);

    /// <summary>Syncs begun, the one of the setup included.</summary>
    public long SyncCount => Interlocked.Read(ref _syncCount);

    /// <summary>Harvests all dirty logs and moves the dirty bits of all blocks here.</summary>
    /// <param name="lastStage">Whether the guest is stopped and this is the last sync of the migration.</param>
    /// <returns>Pages that were not already to be sent.</returns>
    public long Sync(bool lastStage)
    {
        Interlocked.Increment(ref _syncCount);
        _memory.SyncDirtyLog(lastStage);
        long found = 0;
        lock (_mutex)
        {
            foreach (RamBlockBitmap block in Blocks)
                found += SyncBlock(block);
            _newlyDirtyPages += found;
            _dirtyPages += found;
            _dirtyBytesAtLastSync = _dirtyPages << TargetPage.Bits;
        }

        _memory.AfterSync();
        return found;
    }

    /// <summary>The first page of a block at or after <paramref name="from"/> still to be sent, or its page count.</summary>
    public long FindNext(RamBlockBitmap block, long from)
    {
        ArgumentNullException.ThrowIfNull(block);
        lock (_mutex)
            return block.FindNext(from);
    }

    /// <summary>
    /// Takes neighbouring pages out of the bitmap, having cleared the provider's log for them; they may be read now.
    /// </summary>
    /// <param name="block">The block.</param>
    /// <param name="first">The first page.</param>
    /// <param name="maxPages">The longest run wanted.</param>
    /// <returns>Pages taken; 0 if the first one is not to be sent any more.</returns>
    public int TakeRun(RamBlockBitmap block, long first, int maxPages)
    {
        ArgumentNullException.ThrowIfNull(block);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxPages);
        lock (_mutex)
        {
            int count = block.RunLength(first, maxPages);
            if (count > 0)
                RemoveRun(block, first, count);
            return count;
        }
    }

    /// <summary>Takes a range out of the bitmap that needs no sending: the guest does not use it.</summary>
    /// <returns>Pages that were to be sent.</returns>
    public long Forget(RamBlockBitmap block, long first, long count)
    {
        ArgumentNullException.ThrowIfNull(block);
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        long end = Math.Min(block.PageCount, first > long.MaxValue - count ? long.MaxValue : first + count);
        long removed = 0;
        lock (_mutex)
        {
            for (long page = block.FindNext(Math.Min(first, end)); page < end; page = block.FindNext(page))
            {
                int run = block.RunLength(page, (int)Math.Min(int.MaxValue, end - page));
                RemoveRun(block, page, run);
                removed += run;
                page += run;
            }
        }

        return removed;
    }

    private void RemoveRun(RamBlockBitmap block, long first, int count)
    {
        for (long page = first; page < first + count; page = block.ChunkEnd(page))
        {
            if (block.TakeOwedClearing(page, out long chunkFirst, out long chunkCount))
                ClearLog(block.Block, chunkFirst, chunkCount);
        }

        block.ClearRun(first, count);
        _dirtyPages -= count;
    }

    private long SyncBlock(RamBlockBitmap block)
    {
        ulong length = (ulong)block.PageCount << TargetPage.Bits;
        long found = _memory.Dirty.Drain(DirtyClient.Migration, block.Block.Offset, length, block.Words);
        if (block.IsWordAligned)
            block.OweClearing();
        else
            ClearLog(block.Block, 0, block.PageCount);
        return found;
    }

    private void ClearLog(RamBlock block, long first, long count) =>
        _memory.ClearDirtyLog(block, new RamOffset((ulong)first << TargetPage.Bits), (ulong)count << TargetPage.Bits);
}
