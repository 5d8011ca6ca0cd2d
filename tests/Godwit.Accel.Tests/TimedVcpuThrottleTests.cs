using System.Collections.Concurrent;

namespace Godwit.Accel.Tests;

public sealed class TimedVcpuThrottleTests
{
    [Theory]
    [InlineData(20, 12.5, 2.5)]
    [InlineData(50, 20, 10)]
    [InlineData(99, 1000, 990)]
    public void PeriodOf_Percentage_LeavesTenMilliseconds(int percentage, double period, double rest)
    {
        Assert.Equal(period, TimedVcpuThrottle.PeriodOf(percentage).TotalMilliseconds, 3);
        Assert.Equal(rest, TimedVcpuThrottle.RestOf(percentage).TotalMilliseconds, 3);
    }

    [Fact]
    public void Percentage_SetAndCleared_CpusRestOnlyMeanwhile()
    {
        var cpu = new Cpu();
        bool runs = true;
        using var throttle = new TimedVcpuThrottle([cpu], () => runs);
        Assert.Empty(cpu.Rests);
        throttle.Percentage = 50;
        Assert.True(SpinWait.SpinUntil(() => cpu.Rests.Count >= 3, TimeSpan.FromSeconds(20)));
        Assert.All(cpu.Rests, rest => Assert.Equal(TimeSpan.FromMilliseconds(10), rest));
        throttle.Percentage = 20;
        Assert.True(SpinWait.SpinUntil(() => cpu.Rests.Contains(TimeSpan.FromMilliseconds(2.5)), TimeSpan.FromSeconds(20)));
        throttle.Percentage = 0;
        Assert.Equal(0, throttle.Percentage);
        throttle.Dispose();
        int ended = cpu.Rests.Count;
        runs = false;
        throttle.Percentage = 50; // disposed: nothing happens
        Assert.Equal(ended, cpu.Rests.Count);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(100)]
    public void Percentage_OutOfRange_Throws(int percentage)
    {
        using var throttle = new TimedVcpuThrottle([], () => true);
        Assert.Throws<ArgumentOutOfRangeException>(() => throttle.Percentage = percentage);
    }

    private sealed class Cpu : IPausableCpu
    {
        public ConcurrentQueue<TimeSpan> Rests { get; } = new();

        public void Rest(TimeSpan duration) => Rests.Enqueue(duration);
    }
}
