using System.Diagnostics;
using Godwit.Accel;
using Godwit.Memory;
using Microsoft.Extensions.Logging;

namespace Godwit.Vmm;

/// <summary>Measures how fast the guest dirties its memory, one measurement at a time, without stopping it (docs/monitor.md, "Dirty rate").</summary>
/// <remarks>Any thread; each measurement has a thread of its own.</remarks>
public sealed class DirtyRateMeter : IDisposable
{
    /// <summary>Pages sampled of each GiB when the client does not say.</summary>
    public const int DefaultSamplePages = 512;

    /// <summary>The fewest pages that may be sampled of each GiB.</summary>
    public const int MinSamplePages = 128;

    /// <summary>The most pages that may be sampled of each GiB.</summary>
    public const int MaxSamplePages = 16384;

    private const int ShortestMilliseconds = 50;
    private const int LongestMilliseconds = 60_000;

    private readonly MemorySystem _memory;
    private readonly IAccelerator _accelerator;
    private readonly ILogger _logger;
    private readonly Lock _lock = new();
    private readonly ManualResetEventSlim _stop = new();
    private DirtyRateReport _report = new(DirtyRateStatus.Unstarted);
    private Thread? _thread;
    private bool _isDisposed;

    /// <summary>Initializes a new instance of the <see cref="DirtyRateMeter"/> class that has measured nothing.</summary>
    /// <param name="memory">The guest's memory.</param>
    /// <param name="accelerator">What runs the guest.</param>
    /// <param name="logger">Where measurements that failed are told of.</param>
    public DirtyRateMeter(MemorySystem memory, IAccelerator accelerator, ILogger logger)
    {
        ArgumentNullException.ThrowIfNull(memory);
        ArgumentNullException.ThrowIfNull(accelerator);
        _memory = memory;
        ArgumentNullException.ThrowIfNull(logger);
        _accelerator = accelerator;
        _logger = logger;
    }

    /// <summary>Gets what is known.</summary>
    public DirtyRateReport Report => Volatile.Read(ref _report);

    /// <summary>Starts a measurement; its end shows in <see cref="Report"/>.</summary>
    /// <param name="duration">50 ms to 60 s.</param>
    /// <param name="mode">How.</param>
    /// <param name="samplePages">Pages sampled of each GiB, 128 to 16384; only when sampling. Null for the default.</param>
    /// <exception cref="ObjectDisposedException">The machine has ended.</exception>
    /// <exception cref="VmRefusedException">One is going on, a value is out of its range, or the accelerator does not count per CPU.</exception>
    public void Start(TimeSpan duration, DirtyRateMode mode = DirtyRateMode.PageSampling, int? samplePages = null)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            if (Report.Status == DirtyRateStatus.Measuring)
                throw new VmRefusedException("the dirty rate is already being measured.");
            if (duration.TotalMilliseconds is < ShortestMilliseconds or > LongestMilliseconds)
                throw new VmRefusedException($"Calculation time is out of range [{ShortestMilliseconds}ms, {LongestMilliseconds}ms].");
            if (samplePages is not null && mode != DirtyRateMode.PageSampling)
                throw new VmRefusedException("sample-pages is used only in page-sampling mode");
            if (samplePages is < MinSamplePages or > MaxSamplePages)
                throw new VmRefusedException($"sample-pages is out of range[{MinSamplePages}, {MaxSamplePages}].");
            if (mode == DirtyRateMode.DirtyRing && _accelerator.DirtyRings is null)
                throw new VmRefusedException("mode dirty-ring is not enabled, use other method instead.");
            int pages = mode == DirtyRateMode.PageSampling ? samplePages ?? DefaultSamplePages : 0;
            var report = new DirtyRateReport(DirtyRateStatus.Measuring, mode, pages, DateTimeOffset.UtcNow, duration);
            Volatile.Write(ref _report, report);
            _thread = new Thread(() => Measure(report)) { IsBackground = true, Name = "dirty rate" };
            _thread.Start();
        }
    }

    /// <summary>Ends a measurement that is going on.</summary>
    public void Dispose()
    {
        Thread? thread;
        lock (_lock)
        {
            if (_isDisposed)
                return;
            _isDisposed = true;
            thread = _thread;
        }

        _stop.Set();
        thread?.Join();
        _stop.Dispose();
    }

    private void Measure(DirtyRateReport report)
    {
        try
        {
            DirtyRateReport result = report.Mode switch
            {
                DirtyRateMode.DirtyRing => CountRings(report, _accelerator.DirtyRings!),
                DirtyRateMode.DirtyBitmap => CountLog(report),
                _ => Sample(report),
            };
            Volatile.Write(ref _report, result with { Status = DirtyRateStatus.Measured });
        }
        catch (Exception e)
        {
            Log.DirtyRateFailed(_logger, e);

            // No dirty log, or no memory for the samples: there is no result, and the next measurement may do better.
            Volatile.Write(ref _report, new DirtyRateReport(DirtyRateStatus.Unstarted));
        }
    }

    private DirtyRateReport Sample(DirtyRateReport report)
    {
        long start = Stopwatch.GetTimestamp();
        using var sampler = new PageSampler(_memory, report.SamplePages, Random.Shared);
        WaitUntil(start, report.Duration);
        double pages = sampler.EstimateDirtyBytes() / TargetPage.SizeBytes;
        TimeSpan took = Stopwatch.GetElapsedTime(start);
        return report with { Duration = took, MebibytesPerSecond = VcpuDirtyQuota.ToMebibytesPerSecond((long)pages, took) };
    }

    // A wait counts in ticks of the system's clock and may end a little early.
    private void WaitUntil(long start, TimeSpan duration)
    {
        TimeSpan left;
        while ((left = duration - Stopwatch.GetElapsedTime(start)) > TimeSpan.Zero && !_stop.Wait((int)Math.Ceiling(left.TotalMilliseconds)))
        {
            // Not yet.
        }
    }

    private DirtyRateReport CountLog(DirtyRateReport report)
    {
        using var log = new DirtyLogCycle(_memory, GlobalDirtyTracking.DirtyRate);
        long start = Stopwatch.GetTimestamp();
        long before = _accelerator.HarvestedPages;
        WaitUntil(start, report.Duration);
        log.Renew();
        TimeSpan took = Stopwatch.GetElapsedTime(start);
        return report with { Duration = took, MebibytesPerSecond = VcpuDirtyQuota.ToMebibytesPerSecond(_accelerator.HarvestedPages - before, took) };
    }

    private DirtyRateReport CountRings(DirtyRateReport report, IVcpuDirtyRings rings)
    {
        using var log = new DirtyLogCycle(_memory, GlobalDirtyTracking.DirtyRate);
        long start = Stopwatch.GetTimestamp();
        long[] before = new long[rings.Count];
        for (int cpu = 0; cpu < before.Length; cpu++)
            before[cpu] = rings.DirtiedPages(cpu);
        WaitUntil(start, report.Duration);
        TimeSpan took = Stopwatch.GetElapsedTime(start);
        long[] rates = new long[rings.Count];
        long sum = 0;
        for (int cpu = 0; cpu < rates.Length; cpu++)
        {
            long pages = rings.DirtiedPages(cpu) - before[cpu];
            rates[cpu] = VcpuDirtyQuota.ToMebibytesPerSecond(pages, took);
            sum += pages;
        }

        return report with { Duration = took, MebibytesPerSecond = VcpuDirtyQuota.ToMebibytesPerSecond(sum, took), VcpuMebibytesPerSecond = rates };
    }
}
