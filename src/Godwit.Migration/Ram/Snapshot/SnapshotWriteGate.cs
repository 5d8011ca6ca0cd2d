using System.Runtime.InteropServices;
using Godwit.Memory;
using Godwit.Native;

namespace Godwit.Migration;

/// <summary>Keeps memory as it was at one instant: whoever changes a page first puts its content aside (docs/formats/ram.md, "Background snapshot").</summary>
/// <remarks>
/// A page is kept from the instant until it was copied, either by the migration thread as it comes along or by the writer. Writers wait only when
/// all spare pages are in use, until one has left or the page was copied in passing. The lock is held for copies of at most one run.
/// </remarks>
internal sealed class SnapshotWriteGate : IWriteGate
{
    private readonly object _lock = new();
    private readonly MigrationBitmap _bitmap;
    private readonly PageSearch _search;
    private readonly ulong[][] _kept;
    private readonly byte[] _spare;
    private readonly nint _spareAddress;
    private readonly Stack<int> _free = new();
    private readonly Queue<SavedPage> _saved = new();
    private bool _isLifted;

    /// <summary>Keeps all pages of all blocks of a bitmap.</summary>
    /// <param name="bitmap">Full: nothing was taken from it.</param>
    /// <param name="search">The search that goes through it.</param>
    /// <param name="sparePages">How many pages can be put aside at once.</param>
    public SnapshotWriteGate(MigrationBitmap bitmap, PageSearch search, int sparePages)
    {
        _bitmap = bitmap;
        _search = search;
        _kept = [.. bitmap.Blocks.Select(static block => block.Words.ToArray())];
        _spare = GC.AllocateUninitializedArray<byte>(sparePages * TargetPage.SizeBytes, pinned: true);
        _spareAddress = Marshal.UnsafeAddrOfPinnedArrayElement(_spare, 0);
        for (int slot = sparePages - 1; slot >= 0; slot--)
            _free.Push(slot);
    }

    /// <inheritdoc/>
    public void BeforeWrite(RamBlock block, RamOffset offset, ulong lengthBytes)
    {
        int index = IndexOf(block);
        if (index < 0 || lengthBytes == 0)
            return;
        long last = Math.Min((long)(offset.Value + (lengthBytes - 1) >> TargetPage.Bits), _bitmap.Blocks[index].PageCount - 1);
        for (long page = (long)(offset.Value >> TargetPage.Bits); page <= last; page++)
        {
            if (IsKept(index, page))
                PutAside(index, page);
        }
    }

    /// <summary>Takes what writers put aside, as much as fits; to be given back with <see cref="Recycle"/> once it has left.</summary>
    /// <returns>How many pages were taken.</returns>
    public int TakeSaved(Span<SavedPage> pages)
    {
        lock (_lock)
        {
            int count = Math.Min(pages.Length, _saved.Count);
            for (int i = 0; i < count; i++)
                pages[i] = _saved.Dequeue();
            return count;
        }
    }

    /// <summary>The content has left: its memory is free for others.</summary>
    public void Recycle(ReadOnlySpan<SavedPage> pages)
    {
        lock (_lock)
        {
            foreach (ref readonly SavedPage page in pages)
                _free.Push(page.Slot);
            Monitor.PulseAll(_lock);
        }
    }

    /// <summary>Takes the next pages that nobody has changed, copying those that are not zero.</summary>
    /// <param name="maxPages">The longest run wanted, at most 64.</param>
    /// <param name="detectZeroPages">Whether zero pages are looked for.</param>
    /// <param name="copies">Receives the content, each page at its place in the run.</param>
    /// <param name="run">The run, if there was one.</param>
    /// <param name="zeroPages">Bit i: page i of the run is zero and was not copied.</param>
    public PageSearchOutcome TakeNext(int maxPages, bool detectZeroPages, Span<byte> copies, out PageRun run, out ulong zeroPages)
    {
        zeroPages = 0;
        lock (_lock)
        {
            PageSearchOutcome outcome = _search.Next(maxPages, out run);
            if (outcome != PageSearchOutcome.Run)
                return outcome;
            ReadOnlySpan<byte> memory = run.Block.GetSpan(run.Start, run.Count * TargetPage.SizeBytes);
            var scan = new PageScan(run.Block, run.Start, run.Count, detectZeroPages);
            while (scan.Next(out int first, out int count, out bool isZero))
            {
                if (isZero)
                    zeroPages |= ulong.MaxValue >> (64 - count) << first;
                else
                    memory.Slice(first * TargetPage.SizeBytes, count * TargetPage.SizeBytes).CopyTo(copies[(first * TargetPage.SizeBytes)..]);
            }

            Release(IndexOf(run.Block), (long)run.First.Value, run.Count);
            Monitor.PulseAll(_lock);
            return PageSearchOutcome.Run;
        }
    }

    /// <summary>Lets everybody write, whether content was saved or not; what waits goes on. The last call of a snapshot, at its end or failure.</summary>
    public void Lift()
    {
        lock (_lock)
        {
            Volatile.Write(ref _isLifted, true);
            Monitor.PulseAll(_lock);
        }
    }

    private bool IsKept(int index, long page) =>
        (Volatile.Read(ref _kept[index][page >> 6]) >> (int)(page & 63) & 1) != 0 && !Volatile.Read(ref _isLifted);

    private void PutAside(int index, long page)
    {
        lock (_lock)
        {
            int slot;
            while (true)
            {
                // Before each wait as well: what would end it may have happened since the caller looked, and does not happen again.
                if (!IsKept(index, page))
                    return;
                if (_free.TryPop(out slot))
                    break;
                Monitor.Wait(_lock);
            }

            RamBlockBitmap block = _bitmap.Blocks[index];
            var place = new PageIndex((ulong)page);
            block.Block.GetSpan(place.ToRamOffset(), TargetPage.SizeBytes).CopyTo(_spare.AsSpan(slot * TargetPage.SizeBytes));
            _bitmap.TakeRun(block, page, 1);
            _saved.Enqueue(new SavedPage(
                block.Block, place, slot, new HostRange(_spareAddress + (slot * TargetPage.SizeBytes), TargetPage.SizeBytes)));
            Release(index, page, 1);
        }
    }

    private void Release(int index, long first, int count)
    {
        // After the copy: whoever sees a bit gone may write.
        PageBitmap.ClearRangeAtomic(_kept[index], (ulong)first, (ulong)count);
    }

    private int IndexOf(RamBlock block)
    {
        for (int i = 0; i < _kept.Length; i++)
        {
            if (ReferenceEquals(_bitmap.Blocks[i].Block, block))
                return i;
        }

        return -1;
    }
}
