using Godwit.Wire;

namespace Godwit.Migration;

/// <summary>Everything that is counted about one outgoing migration; query-migrate, the command line and the benches read this one object.</summary>
/// <remarks>
/// Every member may be used from any thread. Counters only grow until <see cref="Reset"/>. The migration thread owns the rates and
/// times, the RAM engine the page counts. Names and formulas: <c>docs/migration-states.md</c>.
/// </remarks>
public sealed class MigrationStatistics
{
    /// <summary>Size of a target page.</summary>
    public const int PageSizeBytes = 4096;

    private Channel? _mainChannel;
    private long _multifdBytes;
    private long _totalBytes;
    private long _remainingBytes;
    private long _normalPages;
    private long _zeroPages;
    private long _xbzrlePages;
    private long _precopyBytes;
    private long _downtimeBytes;
    private long _postcopyBytes;
    private long _dirtySyncCount;
    private long _dirtyBytesAtLastSync;
    private long _dirtyPagesPerSecond;
    private long _postcopyRequests;
    private long _zeroCopyMissed;
    private long _iterations;
    private long _phase;
    private long _megabitsPerSecondBits;
    private long _pagesPerSecond;
    private long _setupMilliseconds;
    private long _downtimeMilliseconds;
    private long _expectedDowntimeMilliseconds;
    private long _finalTotalMilliseconds = -1;
    private long _startTimestamp;

    /// <summary>Creates the statistics of a migration that has not started.</summary>
    /// <param name="clock">Where time comes from; the system's when null.</param>
    public MigrationStatistics(TimeProvider? clock = null) => Clock = clock ?? TimeProvider.System;

    /// <summary>Where time comes from.</summary>
    public TimeProvider Clock { get; }

    /// <summary>All bytes on the main channel: headers, pages, devices and description.</summary>
    public long MainChannelBytes => Volatile.Read(ref _mainChannel)?.BytesWritten ?? 0;

    /// <summary>All bytes on data channels, their headers included.</summary>
    public long MultifdBytes => Volatile.Read(ref _multifdBytes);

    /// <summary>All bytes on all channels.</summary>
    public long TransferredBytes => MainChannelBytes + MultifdBytes;

    /// <summary>Sum of the used lengths of all migrated RAM blocks.</summary>
    public long TotalBytes
    {
        get => Volatile.Read(ref _totalBytes);
        set => Volatile.Write(ref _totalBytes, value);
    }

    /// <summary>Dirty pages times page size, as the migration bitmap counts them.</summary>
    public long RemainingBytes
    {
        get => Volatile.Read(ref _remainingBytes);
        set => Volatile.Write(ref _remainingBytes, value);
    }

    /// <summary>Pages sent in full.</summary>
    public long NormalPages => Volatile.Read(ref _normalPages);

    /// <summary>Bytes of the pages sent in full, without record headers.</summary>
    public long NormalBytes => NormalPages * PageSizeBytes;

    /// <summary>Pages sent as "all zero".</summary>
    public long ZeroPages => Volatile.Read(ref _zeroPages);

    /// <summary>Pages handled by the page cache (sent as differences or found unchanged).</summary>
    public long XbzrlePages => Volatile.Read(ref _xbzrlePages);

    /// <summary>Main-channel RAM bytes sent while the guest ran.</summary>
    public long PrecopyBytes => Volatile.Read(ref _precopyBytes);

    /// <summary>Main-channel RAM bytes sent while the guest was stopped.</summary>
    public long DowntimeBytes => Volatile.Read(ref _downtimeBytes);

    /// <summary>Main-channel RAM bytes sent in postcopy.</summary>
    public long PostcopyBytes => Volatile.Read(ref _postcopyBytes);

    /// <summary>Dirty syncs so far, the one in setup and the final one included.</summary>
    public long DirtySyncCount => Volatile.Read(ref _dirtySyncCount);

    /// <summary>Bytes that were dirty right after the last sync.</summary>
    public long DirtyBytesAtLastSync => Volatile.Read(ref _dirtyBytesAtLastSync);

    /// <summary>Pages dirtied per second in the last sync period.</summary>
    public long DirtyPagesPerSecond
    {
        get => Volatile.Read(ref _dirtyPagesPerSecond);
        set => Volatile.Write(ref _dirtyPagesPerSecond, value);
    }

    /// <summary>Page requests received from the destination.</summary>
    public long PostcopyRequests => Volatile.Read(ref _postcopyRequests);

    /// <summary>Zero-copy flushes that fell back to copying.</summary>
    public long DirtySyncMissedZeroCopy => Volatile.Read(ref _zeroCopyMissed);

    /// <summary>Rounds of PART sections so far.</summary>
    public long Iterations => Volatile.Read(ref _iterations);

    /// <summary>Which byte counter <see cref="AddRamBytes"/> credits.</summary>
    public RamPhase Phase
    {
        get => (RamPhase)Volatile.Read(ref _phase);
        set => Volatile.Write(ref _phase, (long)value);
    }

    /// <summary>Throughput of the last window of at least 100 ms; of the whole migration once it completed.</summary>
    public double MegabitsPerSecond => BitConverter.Int64BitsToDouble(Volatile.Read(ref _megabitsPerSecondBits));

    /// <summary>Pages sent per second in the last window.</summary>
    public long PagesPerSecond => Volatile.Read(ref _pagesPerSecond);

    /// <summary>Milliseconds from the start of the migration thread to the end of the setup sections.</summary>
    public long SetupMilliseconds
    {
        get => Volatile.Read(ref _setupMilliseconds);
        set => Volatile.Write(ref _setupMilliseconds, value);
    }

    /// <summary>Milliseconds from the moment before the guest was stopped to completion.</summary>
    public long DowntimeMilliseconds
    {
        get => Volatile.Read(ref _downtimeMilliseconds);
        set => Volatile.Write(ref _downtimeMilliseconds, value);
    }

    /// <summary>Expected stop of the guest in milliseconds; the downtime limit until something is known.</summary>
    public long ExpectedDowntimeMilliseconds
    {
        get => Volatile.Read(ref _expectedDowntimeMilliseconds);
        set => Volatile.Write(ref _expectedDowntimeMilliseconds, value);
    }

    /// <summary>Milliseconds since the migration was accepted; final once it has ended.</summary>
    public long TotalMilliseconds
    {
        get
        {
            var final = Volatile.Read(ref _finalTotalMilliseconds);
            if (final >= 0)
                return final;
            var start = Volatile.Read(ref _startTimestamp);
            return start == 0 ? 0 : (long)Clock.GetElapsedTime(start).TotalMilliseconds;
        }
    }

    /// <summary>Starts anew: all counters to zero, time runs.</summary>
    /// <param name="downtimeLimit">Expected downtime until something better is known.</param>
    public void Reset(TimeSpan downtimeLimit)
    {
        Volatile.Write(ref _mainChannel, null);
        TotalBytes = RemainingBytes = DirtyPagesPerSecond = 0;
        Volatile.Write(ref _multifdBytes, 0);
        Volatile.Write(ref _normalPages, 0);
        Volatile.Write(ref _zeroPages, 0);
        Volatile.Write(ref _xbzrlePages, 0);
        Volatile.Write(ref _precopyBytes, 0);
        Volatile.Write(ref _downtimeBytes, 0);
        Volatile.Write(ref _postcopyBytes, 0);
        Volatile.Write(ref _dirtySyncCount, 0);
        Volatile.Write(ref _dirtyBytesAtLastSync, 0);
        Volatile.Write(ref _postcopyRequests, 0);
        Volatile.Write(ref _zeroCopyMissed, 0);
        Volatile.Write(ref _iterations, 0);
        Volatile.Write(ref _megabitsPerSecondBits, 0);
        Volatile.Write(ref _pagesPerSecond, 0);
        Phase = RamPhase.Precopy;
        SetupMilliseconds = DowntimeMilliseconds = 0;
        ExpectedDowntimeMilliseconds = (long)downtimeLimit.TotalMilliseconds;
        Volatile.Write(ref _finalTotalMilliseconds, -1);
        Volatile.Write(ref _startTimestamp, Clock.GetTimestamp());
    }

    /// <summary>Takes the main channel's own count as <see cref="MainChannelBytes"/>, also after the channel is closed.</summary>
    public void AttachMainChannel(Channel channel) => Volatile.Write(ref _mainChannel, channel);

    /// <summary>Counts pages sent in full.</summary>
    public void AddNormalPages(long pages) => Interlocked.Add(ref _normalPages, pages);

    /// <summary>Counts pages sent as "all zero".</summary>
    public void AddZeroPages(long pages) => Interlocked.Add(ref _zeroPages, pages);

    /// <summary>Counts pages handled by the page cache.</summary>
    public void AddXbzrlePages(long pages) => Interlocked.Add(ref _xbzrlePages, pages);

    /// <summary>Counts bytes on data channels.</summary>
    public void AddMultifdBytes(long bytes) => Interlocked.Add(ref _multifdBytes, bytes);

    /// <summary>Counts RAM bytes on the main channel: each page record with its header, 8 for a section's end mark.</summary>
    public void AddRamBytes(long bytes)
    {
        switch (Phase)
        {
            case RamPhase.Precopy:
                Interlocked.Add(ref _precopyBytes, bytes);
                break;
            case RamPhase.Downtime:
                Interlocked.Add(ref _downtimeBytes, bytes);
                break;
            default:
                Interlocked.Add(ref _postcopyBytes, bytes);
                break;
        }
    }

    /// <summary>Counts a dirty sync. Returns its number, which the MIGRATION_PASS event carries.</summary>
    /// <param name="dirtyBytes">Bytes that are dirty now.</param>
    public long CountDirtySync(long dirtyBytes)
    {
        Volatile.Write(ref _dirtyBytesAtLastSync, dirtyBytes);
        RemainingBytes = dirtyBytes;
        return Interlocked.Increment(ref _dirtySyncCount);
    }

    /// <summary>Counts a page request of the destination.</summary>
    public void CountPostcopyRequest() => Interlocked.Increment(ref _postcopyRequests);

    /// <summary>Counts a zero-copy flush that fell back to copying.</summary>
    public void CountZeroCopyMiss() => Interlocked.Increment(ref _zeroCopyMissed);

    /// <summary>Counts a round of PART sections.</summary>
    public void CountIteration() => Interlocked.Increment(ref _iterations);

    /// <summary>Stores the rates of a window.</summary>
    public void SetRates(double megabitsPerSecond, long pagesPerSecond)
    {
        Volatile.Write(ref _megabitsPerSecondBits, BitConverter.DoubleToInt64Bits(megabitsPerSecond));
        Volatile.Write(ref _pagesPerSecond, pagesPerSecond);
    }

    /// <summary>Stops the clock. A completed migration gets its overall throughput and no remaining bytes.</summary>
    public void Finish(bool completed)
    {
        var total = TotalMilliseconds;
        Volatile.Write(ref _finalTotalMilliseconds, total);
        if (!completed)
            return;
        RemainingBytes = 0;
        DirtyPagesPerSecond = 0;
        var sending = total - SetupMilliseconds;
        if (sending > 0)
            SetRates(TransferredBytes * 8.0 / sending / 1000, PagesPerSecond);
    }
}
