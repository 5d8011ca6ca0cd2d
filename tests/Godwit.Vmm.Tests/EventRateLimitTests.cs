using System.Collections.Concurrent;

namespace Godwit.Vmm.Tests;

public sealed class EventRateLimitTests
{
    [Fact]
    public void Emit_ManyAtOnce_GivesTheFirstAtOnceAndTheLastLater()
    {
        var seen = new ConcurrentQueue<string>();
        var time = new ManualTime();
        using var limit = new EventRateLimit(e => seen.Enqueue(e.Name), time);
        foreach (string name in new[] { "1", "2", "3", "4" })
            limit.Emit(new VmEvent(name));
        Assert.Equal(["1"], seen);
        Assert.Equal(TimeSpan.FromSeconds(1), time.DueTime);
        time.Pass(TimeSpan.FromSeconds(1));
        Assert.Equal(["1", "4"], seen);
        time.Pass(TimeSpan.FromSeconds(1));
        limit.Emit(new VmEvent("5"));
        Assert.Equal(["1", "4", "5"], seen);
    }

    [Fact]
    public void EmitLate_ReceiverThrows_HarmsNobody()
    {
        int calls = 0;
        var time = new ManualTime();
        using var limit = new EventRateLimit(
            _ =>
            {
                if (++calls == 2)
                    throw new InvalidOperationException("a receiver that cannot");
            },
            time);
        limit.Emit(new VmEvent("1"));
        limit.Emit(new VmEvent("2"));
        time.Pass(TimeSpan.FromSeconds(1));
        Assert.Equal(2, calls);
    }

    /// <summary>Time that passes when the test says so, with one timer.</summary>
    private sealed class ManualTime : TimeProvider, ITimer
    {
        private long _ticks;
        private TimerCallback? _callback;

        public TimeSpan DueTime { get; private set; } = Timeout.InfiniteTimeSpan;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _ticks;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            _callback = callback;
            return this;
        }

        public void Pass(TimeSpan time)
        {
            _ticks += time.Ticks;
            if (DueTime == Timeout.InfiniteTimeSpan || DueTime > time)
                return;
            DueTime = Timeout.InfiniteTimeSpan;
            _callback!(null);
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            DueTime = dueTime;
            return true;
        }

        public void Dispose()
        {
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
