namespace Godwit.Accel;

/// <summary>Keeps CPUs from dirtying memory faster than a limit each, by rests after full rings (docs/cpu.md, "Dirty limit").</summary>
/// <remarks>Any thread may call. A thread of its own measures while a limit is in force, and keeps the dirty log on.</remarks>
public sealed class VcpuDirtyLimiter : IDisposable
{
    /// <summary>How often rates are measured unless something else is said.</summary>
    public static readonly TimeSpan DefaultPeriod = TimeSpan.FromSeconds(1);

    private readonly IVcpuDirtyRings _rings;
    private readonly Func<DirtyLogCycle> _startLog;
    private readonly Func<bool> _isRunning;
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
    public VcpuDirtyLimiter(IVcpuDirtyRings rings, Func<DirtyLogCycle> startLog, Func<bool> isRunning)
    {
        ArgumentNullException.ThrowIfNull(rings);
        ArgumentNullException.ThrowIfNull(startLog);
        ArgumentNullException.ThrowIfNull(isRunning);
        _rings = rings;
        _startLog = startLog;
        _isRunning = isRunning;
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
                return [.. _quotas.Select((quota, cpu) => new VcpuDirtyLimit(cpu, quota.Limit, quota.Rate)).Where(limit => limit.LimitRate != 0)];
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
    /// <param name="limit">MiB/s; 0 takes the limit away.</param>
    public void SetLimit(int? cpu, long limit)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(limit);
        lock (_lock)
        {
            if (_disposed)
                return;
            for (int i = 0; i < _quotas.Length; i++)
            {
                if (cpu is { } only && only != i)
                    continue;
                _quotas[i].Limit = limit;
                if (limit == 0)
                    _rings.SetRest(i, TimeSpan.Zero);
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
            Monitor.PulseAll(_lock);
        }

        thread?.Join();
    }

    private bool IsNeeded => !_disposed && _quotas.Any(static quota => quota.Limit != 0);

    private void Run()
    {
        long[] counts = new long[_quotas.Length];
        using DirtyLogCycle log = _startLog();
        for (int cpu = 0; cpu < counts.Length; cpu++)
            counts[cpu] = _rings.DirtiedPages(cpu);
        while (true)
        {
            long start = System.Diagnostics.Stopwatch.GetTimestamp();
            lock (_lock)
            {
                TimeSpan left = _period;
                while (IsNeeded && left > TimeSpan.Zero)
                {
                    Monitor.Wait(_lock, (int)Math.Ceiling(left.TotalMilliseconds));
                    left = _period - System.Diagnostics.Stopwatch.GetElapsedTime(start);
                }

                if (!IsNeeded)
                {
                    _thread = null;
                    return;
                }
            }

            bool isRunning = _isRunning();
            log.Renew();
            TimeSpan length = System.Diagnostics.Stopwatch.GetElapsedTime(start);
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

    private void Observe(int cpu, long pages, TimeSpan length)
    {
        VcpuDirtyQuota quota = _quotas[cpu];
        quota.Observe(pages, length, _fastest);
        _fastest = Math.Max(_fastest, quota.Rate);
        _rings.SetRest(cpu, quota.Rest);
    }
}
