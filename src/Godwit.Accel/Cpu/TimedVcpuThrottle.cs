namespace Godwit.Accel;

/// <summary>A throttle of p percent: every 10 ms / (1 − p/100) each CPU rests for 10 ms · p / (100 − p), so that 10 ms of each tick are left to it.</summary>
/// <remarks>The ticks come from a thread that exists while the throttle is on; they count only while the guest runs. docs/cpu.md, "Throttle".</remarks>
public sealed class TimedVcpuThrottle : IVcpuThrottle, IDisposable
{
    /// <summary>What is left to a CPU of each tick.</summary>
    public static readonly TimeSpan Share = TimeSpan.FromMilliseconds(10);

    private readonly IReadOnlyList<IPausableCpu> _cpus;
    private readonly Func<bool> _isRunning;
    private readonly TimeProvider _clock;
    private readonly object _lock = new();
    private Thread? _thread;
    private int _percentage;
    private bool _disposed;

    /// <summary>Initializes a new instance of the <see cref="TimedVcpuThrottle"/> class, off.</summary>
    /// <param name="cpus">The CPUs.</param>
    /// <param name="isRunning">Whether the guest runs.</param>
    /// <param name="clock">Where time comes from; the system's when null.</param>
    public TimedVcpuThrottle(IReadOnlyList<IPausableCpu> cpus, Func<bool> isRunning, TimeProvider? clock = null)
    {
        ArgumentNullException.ThrowIfNull(cpus);
        ArgumentNullException.ThrowIfNull(isRunning);
        _cpus = cpus;
        _isRunning = isRunning;
        _clock = clock ?? TimeProvider.System;
    }

    /// <inheritdoc/>
    public int Percentage
    {
        get => Volatile.Read(ref _percentage);
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, 99);
            lock (_lock)
            {
                if (_disposed)
                    return;
                Volatile.Write(ref _percentage, value);
                if (value > 0 && _thread is null)
                {
                    _thread = new Thread(Run) { IsBackground = true, Name = "vcpu throttle" };
                    _thread.Start();
                }

                Monitor.PulseAll(_lock);
            }
        }
    }

    /// <summary>The time from one tick to the next.</summary>
    /// <param name="percentage">1 to 99.</param>
    public static TimeSpan PeriodOf(int percentage) => Share * (100.0 / (100 - percentage));

    /// <summary>How long a CPU rests in each tick.</summary>
    /// <param name="percentage">1 to 99.</param>
    public static TimeSpan RestOf(int percentage) => Share * ((double)percentage / (100 - percentage));

    /// <inheritdoc/>
    public void Dispose()
    {
        Thread? thread;
        lock (_lock)
        {
            _disposed = true;
            Volatile.Write(ref _percentage, 0);
            thread = _thread;
            Monitor.PulseAll(_lock);
        }

        thread?.Join();
    }

    private void Run()
    {
        long start = _clock.GetTimestamp();
        TimeSpan next = TimeSpan.Zero;
        while (true)
        {
            int percentage;
            lock (_lock)
            {
                TimeSpan wait = next - _clock.GetElapsedTime(start);
                if (wait > TimeSpan.Zero && _percentage > 0)
                    Monitor.Wait(_lock, (int)Math.Ceiling(wait.TotalMilliseconds));
                percentage = _percentage;
                if (percentage == 0)
                {
                    _thread = null;
                    return;
                }
            }

            TimeSpan now = _clock.GetElapsedTime(start);
            if (now < next)
                continue; // the percentage has changed, or time is not quite over

            // From the planned moment on, so that rounding does not add up; but never several ticks at once.
            TimeSpan period = PeriodOf(percentage);
            next = next + period > now ? next + period : now + period;
            if (!_isRunning())
                continue;
            foreach (IPausableCpu cpu in _cpus)
                cpu.Rest(RestOf(percentage));
        }
    }
}
