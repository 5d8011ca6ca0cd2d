using System.Collections.Concurrent;
using Godwit.Memory;

namespace Godwit.Accel.Tests;

/// <summary>The limiter over CPUs that are only counters.</summary>
public sealed class VcpuDirtyLimiterTests : IDisposable
{
    private readonly TestSlots _memory = new();
    private readonly FakeRings _rings = new();

    public void Dispose() => _memory.Dispose();

    [Fact]
    public void SetLimit_FastCpu_RestsUntilTheLimitGoes()
    {
        using VcpuDirtyLimiter limiter = Create();
        for (int round = 0; round < 20; round++)
        {
            // Again and again, with the log of the last limit still going off.
            limiter.SetLimit(1, 4);
            Wait(() => _rings.Rests[1] > TimeSpan.Zero);
            Assert.Equal([new VcpuDirtyLimit(1, 4, limiter.Limits[0].MebibytesPerSecond)], limiter.Limits);
            Assert.Equal(TimeSpan.Zero, _rings.Rests[0]);
            Assert.Equal(GlobalDirtyTracking.DirtyLimit, _memory.Memory.GlobalTracking);
            limiter.SetLimit(null, 0);
            Assert.Equal(TimeSpan.Zero, _rings.Rests[1]);
            Assert.Empty(limiter.Limits);
            Assert.Equal(TimeSpan.Zero, limiter.LongestRest);
        }

        Wait(() => _memory.Memory.GlobalTracking == GlobalDirtyTracking.None);
    }

    [Fact]
    public void Dispose_WithALimitInForce_EndsTheLog()
    {
        VcpuDirtyLimiter limiter = Create();
        limiter.SetLimit(null, 4);
        Wait(() => _memory.Memory.GlobalTracking != GlobalDirtyTracking.None);
        limiter.Dispose();
        Assert.Equal(GlobalDirtyTracking.None, _memory.Memory.GlobalTracking);
        limiter.SetLimit(null, 4);
        Assert.Empty(limiter.Limits);
    }

    [Fact]
    public void SetLimit_LogThatCannotStart_DropsTheLimitsAndSaysWhy()
    {
        var causes = new ConcurrentQueue<string>();
        using var limiter = new VcpuDirtyLimiter(_rings, () => throw new InvalidOperationException("no log"), () => true, e => causes.Enqueue(e.Message));
        for (int i = 1; i <= 2; i++)
        {
            limiter.SetLimit(null, 4);
            Wait(() => causes.Count == i);
            Assert.Empty(limiter.Limits);
        }

        Assert.Equal(["no log", "no log"], causes);
    }

    [Fact]
    public void SetLimit_GuestThatStandsStill_LearnsNothing()
    {
        using VcpuDirtyLimiter limiter = Create(isRunning: false);
        limiter.SetLimit(0, 4);
        long before = _rings.Asked;
        Wait(() => _rings.Asked > before + 10);
        Assert.Equal(TimeSpan.Zero, _rings.Rests[0]);
        Assert.Equal(0, limiter.Limits[0].MebibytesPerSecond);
    }

    private VcpuDirtyLimiter Create(bool isRunning = true) =>
        new(_rings, () => new DirtyLogCycle(_memory.Memory, GlobalDirtyTracking.DirtyLimit), () => isRunning) { Period = TimeSpan.FromMilliseconds(2) };

    private static void Wait(Func<bool> condition) => Assert.True(SpinWait.SpinUntil(condition, TimeSpan.FromSeconds(30)));

    /// <summary>Each look finds ten thousand more pages.</summary>
    private sealed class FakeRings : IVcpuDirtyRings
    {
        private long _asked;

        public int RingPages => 64;

        public int Count => 2;

        public long Asked => Interlocked.Read(ref _asked);

        public TimeSpan[] Rests { get; } = new TimeSpan[2];

        public long DirtiedPages(int cpu) => Interlocked.Increment(ref _asked) * 10_000;

        public void SetRest(int cpu, TimeSpan rest) => Rests[cpu] = rest;
    }
}
