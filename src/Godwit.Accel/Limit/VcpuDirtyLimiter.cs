using System.Diagnostics;

namespace Godwit.Accel;

/// <summary>Keeps CPUs from dirtying memory faster than a limit each, by rests after full rings (docs/cpu.md, "Dirty limit").</summary>
/// <remarks>Any thread may call. A thread of its own measures while a limit is in force, and keeps the dirty log on; it lives from the first limit on.</remarks>
public sealed class VcpuDirtyLimiter : IDisposable
{
    /// <summary>How often rates are measured unless something else is said.</summary>
    public static readonly TimeSpan DefaultPeriod = TimeSpan.FromSeconds(1);

    private readonly IVcpuDirtyRings _rings;
    private readonly Func<DirtyLogCycle> _startLog;
    private readonly Func<bool> _isRunning;
    private readonly Action<Exception>? _failed;
    private readonly object _lock = new();
    private readonly VcpuDirtyQuota[] _quotas;
    private Thread? _thread;
    private TimeSpan _period = DefaultPeriod;
    private long _fastest;
    private bool _disposed;

    /// <summary>Initializes a new instance of the <see cref="VcpuDirtyLimiter"/> class without limits.</summary>
    /// <param name="rings">The CPUs.</param>
    /// <param name="startLog">Switches the dirty log on; called on the measuring thread.</param>
    /// <param name="isRunning">Whether the guest runs.</param>
    /// <param name="failed">Told why all limits were dropped, on the measuring thread; null where nobody wants to know.</param>
    public VcpuDirtyLimiter(IVcpuDirtyRings rings, Func<DirtyLogCycle> startLog, Func<bool> isRunning, Action<Exception>? failed = null)
    {
        ArgumentNullException.ThrowIfNull(rings);
        ArgumentNullException.ThrowIfNull(startLog);
        ArgumentNullException.ThrowIfNull(isRunning);
        _rings = rings;
        _startLog = startLog;
        _isRunning = isRunning;
        _failed = failed;
        _quotas = new VcpuDirtyQuota[rings.Count];
        for (int cpu = 0; cpu < _quotas.Length; cpu++)
            _quotas[cpu] = new VcpuDirtyQuota(rings.RingPages);
    }

    /// <summary>Gets or sets how often rates are measured.</summary>
    public TimeSpan Period
    {
        get
        {
            lock (_lock)
                return _period;
        }

        set
        {
            ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(value, TimeSpan.Zero);
            lock (_lock)
                _period = value;
        }
    }

    /// <summary>Gets the limits in force, by CPU; empty when there is none.</summary>
    public IReadOnlyList<VcpuDirtyLimit> Limits
    {
        get
        {
            lock (_lock)
                return [.. _quotas.Select((quota, cpu) => new VcpuDirtyLimit(cpu, quota.LimitMebibytesPerSecond, quota.MebibytesPerSecond))
                    .Where(limit => limit.LimitMebibytesPerSecond != 0)];
        }
    }

    /// <summary>Gets the longest rest that a full ring brings to any CPU.</summary>
    public TimeSpan LongestRest
    {
        get
        {
            lock (_lock)
                return _quotas.Max(static quota => quota.Rest);
        }
    }

    /// <summary>Gets the time in which a CPU fills its ring at the fastest rate seen; zero while none was.</summary>
    public TimeSpan RingFullTime
    {
        get
        {
            lock (_lock)
                return _quotas.Max(static quota => quota.RingFullTime);
        }
    }

    /// <summary>Limits a CPU, or all of them.</summary>
    /// <param name="cpu">Number of the CPU; null for all.</param>
    /// <param name="mebibytesPerSecond">The limit; 0 takes it away.</param>
    public void SetLimit(int? cpu, long mebibytesPerSecond)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(mebibytesPerSecond);
        lock (_lock)
        {
            if (_disposed)
                return;
            for (int i = 0; i < _quotas.Length; i++)
            {
                if (cpu is { } only && only != i)
                    continue;
                SetLimitOf(i, mebibytesPerSecond);
            }

            if (IsNeeded && _thread is null)
            {
                _thread = new Thread(Run) { IsBackground = true, Name = "vcpu dirty limit" };
                _thread.Start();
            }

            Monitor.PulseAll(_lock);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Thread? thread;
        lock (_lock)
        {
            _disposed = true;
            thread = _thread;
            DropLimits();
            Monitor.PulseAll(_lock);
        }

        thread?.Join();
    }

    private bool IsNeeded => !_disposed && _quotas.Any(static quota => quota.LimitMebibytesPerSecond != 0);

    // One thread from the first limit to the end: whoever takes the last limit away does not wait for the log to be switched off, and whoever
    // sets the next one is served by the same thread when that has happened.
    private void Run()
    {
        while (WaitUntilNeeded())
        {
            try
            {
                MeasureWhileNeeded();
            }
            catch (Exception e)
            {
                DropLimits();
                _failed?.Invoke(e);
            }
        }
    }

    private bool WaitUntilNeeded()
    {
        lock (_lock)
        {
            while (!_disposed && !IsNeeded)
                Monitor.Wait(_lock);
            return !_disposed;
        }
    }

    private void MeasureWhileNeeded()
    {
        long[] counts = new long[_quotas.Length];
        using DirtyLogCycle log = _startLog();
        for (int cpu = 0; cpu < counts.Length; cpu++)
            counts[cpu] = _rings.DirtiedPages(cpu);
        while (true)
        {
            long start = Stopwatch.GetTimestamp();
            if (!WaitForPeriod(start))
                return;
            bool isRunning = _isRunning();
            log.Renew();
            TimeSpan length = Stopwatch.GetElapsedTime(start);
            lock (_lock)
            {
                for (int cpu = 0; cpu < counts.Length; cpu++)
                {
                    long count = _rings.DirtiedPages(cpu);
                    if (isRunning)
                        Observe(cpu, count - counts[cpu], length);
                    counts[cpu] = count;
                }
            }
        }
    }

    /// <summary>False when no limit is left.</summary>
    private bool WaitForPeriod(long start)
    {
        lock (_lock)
        {
            TimeSpan left;
            while (IsNeeded && (left = _period - Stopwatch.GetElapsedTime(start)) > TimeSpan.Zero)
                Monitor.Wait(_lock, (int)Math.Ceiling(left.TotalMilliseconds));
            return IsNeeded;
        }
    }

    private void DropLimits()
    {
        lock (_lock)
        {
            for (int cpu = 0; cpu < _quotas.Length; cpu++)
                SetLimitOf(cpu, 0);
        }
    }

    private void SetLimitOf(int cpu, long limit)
    {
        _quotas[cpu].SetLimit(limit);
        if (limit == 0)
            _rings.SetRest(cpu, TimeSpan.Zero);
    }

    private void Observe(int cpu, long pages, TimeSpan length)
    {
        VcpuDirtyQuota quota = _quotas[cpu];
        quota.Observe(pages, length, _fastest);
        _fastest = Math.Max(_fastest, quota.MebibytesPerSecond);
        _rings.SetRest(cpu, quota.Rest);
    }
}
