namespace Godwit.Vmm;

/// <summary>Lets one event through per second: those in between are dropped, the last of them comes late (docs/formats/qmp.md, "Events").</summary>
public sealed class EventRateLimit : IDisposable
{
    private static readonly TimeSpan _interval = TimeSpan.FromSeconds(1);

    private readonly Action<VmEvent> _emit;
    private readonly Lock _lock = new();
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private VmEvent? _pending;
    private long? _last;

    /// <summary>Lets everything through at first.</summary>
    /// <param name="emit">Where events go; any thread, not two at once.</param>
    /// <param name="time">Measures the second; null for the system's.</param>
    public EventRateLimit(Action<VmEvent> emit, TimeProvider? time = null)
    {
        _emit = emit;
        _time = time ?? TimeProvider.System;
        _timer = _time.CreateTimer(_ => EmitPending(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Emits an event now, or later, or not at all when another one follows.</summary>
    public void Emit(VmEvent e)
    {
        lock (_lock)
        {
            TimeSpan passed = _last is { } last ? _time.GetElapsedTime(last) : _interval;
            if (passed >= _interval && _pending is null)
            {
                _last = _time.GetTimestamp();
                _emit(e);
                return;
            }

            if (_pending is null)
                _timer.Change(_interval - passed, Timeout.InfiniteTimeSpan);
            _pending = e;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _timer.Dispose();

    private void EmitPending()
    {
        lock (_lock)
        {
            if (_pending is not { } e)
                return;
            _pending = null;
            _last = _time.GetTimestamp();
            try
            {
                _emit(e);
            }
            catch (Exception)
            {
                // On a timer's thread there is nobody to tell; the next event gets its own try.
            }
        }
    }
}
