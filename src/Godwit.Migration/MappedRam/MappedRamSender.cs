using Godwit.Memory;
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
            var page = new PageIndex(run.First.Value + (ulong)first);
            if (isZero)
            {
                file.ForgetPages(run.Block, page, count);
                statistics.AddZeroPages(count);
                continue;
            }

            file.WritePages(channel, run.Block, page, count);
            long bytes = (long)count * TargetPage.SizeBytes;
            _bytes += bytes;
            limiter?.Account(bytes);
            statistics.AddNormalPages(count);
            statistics.AddRamBytes(bytes);
        }
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
