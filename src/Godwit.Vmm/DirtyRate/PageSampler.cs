using System.Numerics;
using System.Runtime.InteropServices;
using Godwit.Memory;

namespace Godwit.Vmm;

/// <summary>Fingerprints of pages chosen by chance, to see later which of them have changed (docs/monitor.md, "Dirty rate").</summary>
/// <remarks>A page that goes through the same content again counts as unchanged. For one thread; the guest may run.</remarks>
internal sealed class PageSampler : IDisposable
{
    private const ulong GibibyteBytes = 1UL << 30;

    private readonly List<(RamBlock Block, long[] Pages, ulong[] Prints)> _samples = [];

    /// <summary>Takes the first fingerprints.</summary>
    /// <param name="memory">The guest's memory.</param>
    /// <param name="pagesPerGibibyte">Pages sampled of each GiB of a block; a block too small for one page of its own is left out.</param>
    /// <param name="random">Chooses the pages.</param>
    public PageSampler(MemorySystem memory, int pagesPerGibibyte, Random random)
    {
        foreach (RamBlock block in memory.Ram.Blocks)
        {
            int count = (int)Math.Min(int.MaxValue, (ulong)(block.UsedLengthBytes * (UInt128)pagesPerGibibyte / GibibyteBytes));
            if (count == 0 || !block.IsMigratable || !block.TryAddReference())
                continue;
            long[] pages = new long[count];
            ulong[] prints = new ulong[count];
            for (int i = 0; i < count; i++)
                prints[i] = Print(block, pages[i] = random.NextInt64((long)block.PageCount));
            _samples.Add((block, pages, prints));
        }
    }

    /// <summary>The memory that the changed pages stand for, in bytes.</summary>
    public double EstimateDirtyBytes()
    {
        long changed = 0;
        long taken = 0;
        ulong sampledBytes = 0;
        foreach ((RamBlock block, long[] pages, ulong[] prints) in _samples)
        {
            for (int i = 0; i < pages.Length; i++)
                changed += Print(block, pages[i]) == prints[i] ? 0 : 1;
            taken += pages.Length;
            sampledBytes += block.UsedLengthBytes;
        }

        return taken == 0 ? 0 : (double)changed / taken * sampledBytes;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach ((RamBlock block, _, _) in _samples)
            block.ReleaseReference();
        _samples.Clear();
    }

    private static ulong Print(RamBlock block, long page)
    {
        // A page that is still on its way has to come first.
        block.PageGate?.EnsurePresent(block, new RamOffset((ulong)page << TargetPage.Bits), TargetPage.SizeBytes);

        // What was never touched is zero; a look at it would give it memory.
        long offset = page << TargetPage.Bits;
        if (block.Mapping.FindTouched(offset) >= offset + TargetPage.SizeBytes)
            return 0;
        ulong print = 0;
        foreach (ulong word in MemoryMarshal.Cast<byte, ulong>(block.GetSpan(new RamOffset((ulong)offset), TargetPage.SizeBytes)))
            print = BitOperations.RotateLeft((print ^ word) * 0x9e3779b97f4a7c15, 29);
        return print;
    }
}
