using System.Diagnostics;
using Godwit.Memory;

namespace Godwit.Accel;

/// <summary>
/// The guest's time: nanoseconds that pass while the machine runs and stand still while it is stopped. 0 at power-on.
/// </summary>
/// <remarks>
/// The value at a stop is <c>cpu_clock_offset</c> of the <c>timer</c> section (docs/formats/cpu-section.md, "timer").
/// Timers fire on one dedicated thread of the clock, under the big lock, in the order of their expiry.
/// </remarks>
public sealed class VirtualClock : IDisposable
{
    private static readonly long _ticksPerSecond = Stopwatch.Frequency;

    private readonly object _gate = new();
    private readonly BigLock _bigLock;
    private readonly List<VirtualTimer> _timers = [];
    private readonly Thread _thread;
    private State _state = new(IsRunning: false, OffsetNanoseconds: 0, StartedAt: 0);
    private bool _disposed;

    /// <summary>Initializes a new instance of the <see cref="VirtualClock"/> class, stopped at 0.</summary>
    /// <param name="bigLock">The VM's big lock, held around every timer callback.</param>
    public VirtualClock(BigLock bigLock)
    {
        _bigLock = bigLock;
        _thread = new Thread(RunTimers) { IsBackground = true, Name = "virtual-clock" };
        _thread.Start();
    }

    /// <summary>Gets the current virtual time in nanoseconds. Callable from any thread, without a lock.</summary>
    public long NowNanoseconds
    {
        get
        {
            State state = Volatile.Read(ref _state);
            return state.IsRunning ? state.OffsetNanoseconds + HostNanosecondsSince(state.StartedAt) : state.OffsetNanoseconds;
        }
    }

    /// <summary>Gets a value indicating whether time passes.</summary>
    public bool IsRunning => Volatile.Read(ref _state).IsRunning;

    /// <summary>Gets or sets the current virtual time, for the <c>timer</c> section; setting keeps the clock running or stopped.</summary>
    public long OffsetNanoseconds
    {
        get => NowNanoseconds;
        set
        {
            lock (_gate)
            {
                Volatile.Write(ref _state, new State(_state.IsRunning, value, Stopwatch.GetTimestamp()));
                Monitor.PulseAll(_gate);
            }
        }
    }

    /// <summary>Lets time pass. Does nothing when it does already.</summary>
    public void Start()
    {
        lock (_gate)
        {
            if (_state.IsRunning)
                return;
            Volatile.Write(ref _state, new State(IsRunning: true, _state.OffsetNanoseconds, Stopwatch.GetTimestamp()));
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Makes time stand still; no timer fires until <see cref="Start"/>. Does nothing when it does already.</summary>
    /// <remarks>When the caller holds the big lock no callback is in progress after this returns.</remarks>
    public void Stop()
    {
        lock (_gate)
        {
            if (_state.IsRunning)
                Volatile.Write(ref _state, new State(IsRunning: false, NowNanoseconds, StartedAt: 0));
        }
    }

    /// <summary>Makes a timer on this clock, not armed.</summary>
    /// <param name="callback">What to do at expiry; runs on the clock's thread under the big lock and may arm timers.</param>
    /// <returns>The timer. It lives as long as the clock.</returns>
    public VirtualTimer CreateTimer(Action callback)
    {
        ArgumentNullException.ThrowIfNull(callback);
        var timer = new VirtualTimer(this, callback);
        lock (_gate)
            _timers.Add(timer);
        return timer;
    }

    /// <summary>Ends the clock's thread. Must not be called from a timer callback or with the big lock held.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_disposed)
                return;
            _disposed = true;
            Monitor.PulseAll(_gate);
        }

        _thread.Join();
    }

    internal long? ReadExpiry(VirtualTimer timer)
    {
        lock (_gate)
            return timer.Expiry;
    }

    internal void SetExpiry(VirtualTimer timer, long? expiresAtNanoseconds)
    {
        lock (_gate)
        {
            timer.Expiry = expiresAtNanoseconds;
            if (expiresAtNanoseconds is not null)
                Monitor.PulseAll(_gate);
        }
    }

    private static long HostNanosecondsSince(long timestamp)
    {
        long ticks = Stopwatch.GetTimestamp() - timestamp;
        return _ticksPerSecond == 1_000_000_000 ? ticks : (long)((Int128)ticks * 1_000_000_000 / _ticksPerSecond);
    }

    private void RunTimers()
    {
        while (true)
        {
            lock (_gate)
            {
                while (!_disposed && FindDue() is null)
                    Monitor.Wait(_gate, MillisecondsToNext());
                if (_disposed)
                    return;
            }

            // The big lock comes before the clock's own; what is due is decided again under both, so that a timer
            // disarmed by a device, or a clock stopped, under the big lock does not fire.
            using (_bigLock.Enter())
                TakeDue()?.Callback();
        }
    }

    private VirtualTimer? TakeDue()
    {
        lock (_gate)
        {
            VirtualTimer? due = FindDue();
            if (due is not null)
                due.Expiry = null;
            return due;
        }
    }

    private VirtualTimer? FindDue()
    {
        if (!_state.IsRunning)
            return null;
        VirtualTimer? next = FindNext();
        return next is not null && next.Expiry <= NowNanoseconds ? next : null;
    }

    private VirtualTimer? FindNext()
    {
        VirtualTimer? next = null;
        foreach (VirtualTimer timer in _timers)
        {
            if (timer.Expiry is { } expiry && (next is null || expiry < next.Expiry))
                next = timer;
        }

        return next;
    }

    private int MillisecondsToNext()
    {
        if (!_state.IsRunning || FindNext() is not { } next)
            return Timeout.Infinite;
        Int128 left = (Int128)next.Expiry!.Value - NowNanoseconds;
        return (int)Int128.Clamp((left + 999_999) / 1_000_000, 1, 60_000);
    }

    private sealed record State(bool IsRunning, long OffsetNanoseconds, long StartedAt);
}
