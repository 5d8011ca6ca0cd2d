using Godwit.Memory;
using Godwit.Native;
using Godwit.Wire;

namespace Godwit.Migration;

/// <summary>Writes pages to their fixed places in the file, on the migration thread (docs/formats/mapped-ram.md, "Writing").</summary>
internal sealed class MappedRamSender(MappedRamFile file, Channel channel, MigrationStatistics statistics, RateLimiter? limiter, bool detectZeroPages)
    : IPageTransport
{
    private long _bytes;

    public long BytesSent => _bytes;

    public void Send(in PageRun run)
    {
        var scan = new PageScan(run.Block, run.Start, run.Count, detectZeroPages);
        while (scan.Next(out int first, out int count, out bool isZero))
        {
            PageIndex page = run.First.Add((ulong)first);
            Send(run.Block, page, isZero, run.Block.GetHostRange(page.ToRamOffset(), (long)count * TargetPage.SizeBytes));
        }
    }

    /// <summary>Takes neighbouring pages whose content is where the caller says.</summary>
    public void Send(RamBlock block, PageIndex first, bool isZero, HostRange memory)
    {
        long bytes = memory.LengthBytes;
        int count = (int)(bytes >> TargetPage.Bits);
        if (isZero)
        {
            file.ForgetPages(block, first, count);
            statistics.AddZeroPages(count);
            return;
        }

        file.WritePages(channel, block, first, memory);
        _bytes += bytes;
        limiter?.Account(bytes);
        statistics.AddNormalPages(count);
        statistics.AddRamBytes(bytes);
    }

    public void EndSetup()
    {
        // One thread writes everything: nothing is under way.
    }

    public void EndRound()
    {
        // As above.
    }

    public void EndSection(bool isLast)
    {
        if (isLast)
            file.WriteBitmaps(channel);
    }

    public void Dispose()
    {
        // The channel belongs to the migration.
    }
}
