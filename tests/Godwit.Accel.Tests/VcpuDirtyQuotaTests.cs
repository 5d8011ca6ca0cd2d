namespace Godwit.Accel.Tests;

/// <summary>A CPU with a limit, played: it fills a ring at full speed, then rests.</summary>
public sealed class VcpuDirtyQuotaTests
{
    private const int RingPages = 1024; // 4 MiB
    private static readonly TimeSpan _period = TimeSpan.FromSeconds(1);

    [Theory]
    [InlineData(400, 100, 25)]
    [InlineData(400, 200, 25)]
    [InlineData(200, 10, 2)]
    [InlineData(80, 20, 5)]
    [InlineData(100, 1, 1)]
    public void Observe_CpuFasterThanItsLimit_ComesNearIt(long fullSpeed, long limit, long tolerance)
    {
        var quota = new VcpuDirtyQuota(RingPages) { Limit = limit };
        long fastest = Play(quota, fullSpeed, periods: 60);
        Assert.InRange(quota.Rate, limit - tolerance, limit + tolerance);
        Assert.Equal(fullSpeed, fastest);
        Assert.Equal(4.0 / fullSpeed, quota.RingFullTime.TotalSeconds, 3);
    }

    [Fact]
    public void Observe_LimitBeyondWhatRestsCanDo_StaysAtTheLongestRest()
    {
        var quota = new VcpuDirtyQuota(RingPages) { Limit = 1 };
        Play(quota, fullSpeed: 1000, periods: 60);
        Assert.Equal(quota.RingFullTime * VcpuDirtyQuota.MaxRestInRings, quota.Rest);
    }

    [Fact]
    public void Observe_FirstPeriodOfAFastCpu_TakesTheStepOfTheFormula()
    {
        // 400 against 100 MiB/s: 75 % too much, so 75/25 of the 10 ms in which it fills its ring.
        var quota = new VcpuDirtyQuota(RingPages) { Limit = 100 };
        quota.Observe(400 * 256, _period, fastest: 0);
        Assert.Equal(30, quota.Rest.TotalMilliseconds, 3);

        // 140 against 100 is near: a tenth of the time in which it fills its ring.
        quota.Observe(140 * 256, _period, fastest: 400);
        Assert.Equal(31, quota.Rest.TotalMilliseconds, 3);

        // Near enough.
        quota.Observe(125 * 256, _period, fastest: 400);
        Assert.Equal(31, quota.Rest.TotalMilliseconds, 3);

        // 60 is too far below.
        quota.Observe(60 * 256, _period, fastest: 400);
        Assert.Equal(30, quota.Rest.TotalMilliseconds, 3);
        quota.Observe(0, _period, fastest: 400);
        Assert.Equal(TimeSpan.Zero, quota.Rest);
    }

    [Fact]
    public void Observe_LimitTakenAway_RestsNoMore()
    {
        var quota = new VcpuDirtyQuota(RingPages) { Limit = 10 };
        Play(quota, fullSpeed: 200, periods: 10);
        Assert.NotEqual(TimeSpan.Zero, quota.Rest);
        quota.Limit = 0;
        quota.Observe(10 * 256, _period, fastest: 200);
        Assert.Equal(TimeSpan.Zero, quota.Rest);
    }

    private static long Play(VcpuDirtyQuota quota, long fullSpeed, int periods)
    {
        long fastest = 0;
        for (int i = 0; i < periods; i++)
        {
            double ringMebibytes = RingPages / 256.0;
            double rate = ringMebibytes / ((ringMebibytes / fullSpeed) + quota.Rest.TotalSeconds);
            quota.Observe((long)(rate * 256), _period, fastest);
            fastest = Math.Max(fastest, quota.Rate);
        }

        return fastest;
    }
}
