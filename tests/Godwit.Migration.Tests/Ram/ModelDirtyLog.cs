using Godwit.Memory;

namespace Godwit.Migration.Tests.Ram;

/// <summary>
/// A dirty log as a hypervisor keeps it, with clearing asked for separately: a store sets a bit; a sync reports the bits and
/// keeps them; a clear takes back those reported bits, so that the next store is noticed again.
/// </summary>
internal sealed class ModelDirtyLog : MemoryListener
{
    private readonly Dictionary<RamBlock, ulong[]> _log = [];
    private readonly Dictionary<RamBlock, ulong[]> _reported = [];
    private long _stores;

    public override int Priority => AcceleratorPriority;

    /// <summary>Every clear: block, first page, pages.</summary>
    public List<(RamBlock Block, ulong First, ulong Count)> Clears { get; } = [];

    /// <summary>Stores made so far.</summary>
    public long Stores => Interlocked.Read(ref _stores);

    public void Watch(RamBlock block)
    {
        _log.Add(block, new ulong[TargetPage.WordsFor(block.PageCount)]);
        _reported.Add(block, new ulong[TargetPage.WordsFor(block.PageCount)]);
    }

    /// <summary>What a guest store does: the bytes, then the bit.</summary>
    public void Store(RamBlock block, ulong page, int offset, ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(block.GetSpan(new RamOffset(page * 4096 + (ulong)offset), bytes.Length));
        Interlocked.Or(ref _log[block][page / 64], 1UL << (int)(page % 64));
        Interlocked.Increment(ref _stores);
    }

    public override void LogSync(MemorySection section)
    {
        RamBlock block = section.RamBlock!;
        ulong[] reported = _reported[block];
        for (int word = 0; word < reported.Length; word++)
            reported[word] = Volatile.Read(ref _log[block][word]);
        section.Region.System.Dirty.MergeBitmap(block.Offset, reported, (long)block.PageCount);
    }

    public override void LogClear(MemorySection section)
    {
        RamBlock block = section.RamBlock!;
        ulong first = section.OffsetInRegion >> 12;
        ulong count = (ulong)section.Size >> 12;
        Clears.Add((block, first, count));
        for (ulong page = first; page < first + count; page++)
        {
            ulong bit = _reported[block][page / 64] & (1UL << (int)(page % 64));
            if (bit == 0)
                continue;
            _reported[block][page / 64] &= ~bit;
            Interlocked.And(ref _log[block][page / 64], ~bit);
        }
    }
}
