namespace Godwit.Migration;

/// <summary>Measures throughput in windows of at least 100 ms and derives what fits into the downtime limit.</summary>
internal sealed class BandwidthWindow(MigrationStatistics statistics, MigrationSettings settings)
{
    private const int WindowMilliseconds = 100;
    private const long MinBytesForEstimate = 10000;

    private long _start = statistics.Clock.GetTimestamp();
    private long _startBytes = statistics.TransferredBytes;
    private long _startPages = Pages(statistics);

    /// <summary>Bytes that can be sent while the guest is stopped for the downtime limit; 0 before the first window ended.</summary>
    public long ThresholdBytes { get; private set; }

    /// <summary>Ends the window if it is long enough.</summary>
    public void Update()
    {
        var elapsed = statistics.Clock.GetElapsedTime(_start).TotalMilliseconds;
        if (elapsed < WindowMilliseconds)
            return;
        var parameters = settings.Parameters;
        var bytes = statistics.TransferredBytes - _startBytes;
        var pages = Pages(statistics) - _startPages;
        var bytesPerMillisecond = bytes / elapsed;
        var available = parameters.AvailSwitchoverBandwidthBytesPerSecond;
        var switchover = available != 0 ? available / 1000.0 : bytesPerMillisecond;
        ThresholdBytes = (long)Math.Min(long.MaxValue / 2, switchover * parameters.DowntimeLimit.TotalMilliseconds);
        statistics.SetRates(bytesPerMillisecond * 8 / 1000, (long)(pages * 1000 / elapsed));
        if (statistics.DirtyPagesPerSecond != 0 && bytes > MinBytesForEstimate && switchover > 0)
            statistics.ExpectedDowntimeMilliseconds = (long)(statistics.DirtyBytesAtLastSync / switchover);
        _start = statistics.Clock.GetTimestamp();
        _startBytes += bytes;
        _startPages += pages;
    }

    private static long Pages(MigrationStatistics statistics) =>
        statistics.NormalPages + statistics.ZeroPages + statistics.XbzrlePages;
}
