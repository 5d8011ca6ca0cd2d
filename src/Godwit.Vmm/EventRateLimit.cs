using System.Diagnostics;

namespace Godwit.Vmm;

/// <summary>Lets one event through per second: those in between are dropped, the last of them comes late (docs/formats/qmp.md, "Events").</summary>
public sealed class EventRateLimit : IDisposable
{
    private static readonly TimeSpan _interval = TimeSpan.FromSeconds(1);

    private readonly Action<VmEvent> _emit;
    private readonly Lock _lock = new();
    private readonly Timer _timer;
    private VmEvent? _pending;
    private long? _last;

    /// <summary>Lets everything through at first.</summary>
    /// <param name="emit">Where events go; any thread, not two at once.</param>
    public EventRateLimit(Action<VmEvent> emit)
    {
        _emit = emit;
        _timer = new Timer(_ => EmitPending());
    }

    /// <summary>Emits an event now, or later, or not at all when another one follows.</summary>
    public void Emit(VmEvent e)
    {
        lock (_lock)
        {
            TimeSpan passed = _last is { } last ? Stopwatch.GetElapsedTime(last) : _interval;
            if (passed >= _interval && _pending is null)
            {
                _last = Stopwatch.GetTimestamp();
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
            _last = Stopwatch.GetTimestamp();
            _emit(e);
        }
    }
}
