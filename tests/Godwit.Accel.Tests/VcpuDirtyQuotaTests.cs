namespace Godwit.Accel.Tests;

/// <summary>A CPU with a limit, played: it fills a ring at full speed, then rests.</summary>
public sealed class VcpuDirtyQuotaTests
{
    private const int RingPages = 64; // a quarter of a MiB
    private static readonly TimeSpan _period = TimeSpan.FromSeconds(1);

    [Theory]
    [InlineData(400, 100, 25)]
    [InlineData(400, 200, 25)]
    [InlineData(200, 10, 2)]
    [InlineData(80, 20, 5)]
    [InlineData(100, 1, 1)]
    public void Observe_CpuFasterThanItsLimit_ComesNearIt(long fullSpeed, long limit, long tolerance)
    {
        var quota = Limited(limit);
        List<long> rates = [];
        long fastest = Play(quota, fullSpeed, periods: 60, rates);
        Assert.All(rates[^20..], rate => Assert.InRange(rate, limit - tolerance, limit + tolerance));
        Assert.Equal(fullSpeed, fastest);
        Assert.Equal(0.25 / fullSpeed, quota.RingFullTime.TotalSeconds, 4);
    }

    [Fact]
    public void Observe_LimitBeyondWhatRestsCanDo_StaysAtTheLongestRest()
    {
        var quota = Limited(1);
        Play(quota, fullSpeed: 1000, periods: 60);
        Assert.Equal(quota.RingFullTime * VcpuDirtyQuota.MaxRestInRings, quota.Rest);
    }

    [Fact]
    public void Observe_FirstPeriodOfAFastCpu_TakesTheStepOfTheFormula()
    {
        // 400 against 100 MiB/s: 75 % too much, so 75/25 of the 0.625 ms in which it fills its ring.
        var quota = Limited(100);
        quota.Observe(400 * 256, _period, fastestMebibytesPerSecond: 0);
        Assert.Equal(1.875, quota.Rest.TotalMilliseconds, 4);

        // 140 against 100 is near: a tenth of the time in which it fills its ring.
        quota.Observe(140 * 256, _period, fastestMebibytesPerSecond: 400);
        Assert.Equal(1.9375, quota.Rest.TotalMilliseconds, 4);

        // Near enough.
        quota.Observe(125 * 256, _period, fastestMebibytesPerSecond: 400);
        Assert.Equal(1.9375, quota.Rest.TotalMilliseconds, 4);

        // 60 is too far below.
        quota.Observe(60 * 256, _period, fastestMebibytesPerSecond: 400);
        Assert.Equal(1.875, quota.Rest.TotalMilliseconds, 4);
        quota.Observe(0, _period, fastestMebibytesPerSecond: 400);
        Assert.Equal(TimeSpan.Zero, quota.Rest);
    }

    [Fact]
    public void Observe_LimitTakenAway_RestsNoMore()
    {
        var quota = Limited(10);
        Play(quota, fullSpeed: 200, periods: 10);
        Assert.NotEqual(TimeSpan.Zero, quota.Rest);
        quota.SetLimit(0);
        quota.Observe(10 * 256, _period, fastestMebibytesPerSecond: 200);
        Assert.Equal(TimeSpan.Zero, quota.Rest);
    }

    private static VcpuDirtyQuota Limited(long limit)
    {
        var quota = new VcpuDirtyQuota(RingPages);
        quota.SetLimit(limit);
        return quota;
    }

    /// <summary>Fills a ring at full speed, rests as long as it was told when the ring became full, and so on, while periods are cut out of that.</summary>
    private static long Play(VcpuDirtyQuota quota, long fullSpeed, int periods, List<long>? rates = null)
    {
        long fastest = 0;
        double pageSeconds = 1 / (fullSpeed * 256.0);
        double next = pageSeconds;
        int used = 0;
        for (int i = 1; i <= periods; i++)
        {
            long pages = 0;
            for (; next <= i; next += pageSeconds)
            {
                pages++;
                if (++used < RingPages)
                    continue;
                used = 0;
                next += quota.Rest.TotalSeconds;
            }

            quota.Observe(pages, _period, fastest);
            fastest = Math.Max(fastest, quota.MebibytesPerSecond);
            rates?.Add(quota.MebibytesPerSecond);
        }

        return fastest;
    }
}
