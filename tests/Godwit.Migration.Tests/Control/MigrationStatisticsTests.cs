namespace Godwit.Migration.Tests.Control;

public class MigrationStatisticsTests
{
    [Fact]
    public void AddRamBytes_ByPhase_GoesToItsCounter()
    {
        var statistics = new MigrationStatistics();
        statistics.Reset(TimeSpan.FromMilliseconds(300));

        statistics.AddRamBytes(1);
        statistics.Phase = RamPhase.Downtime;
        statistics.AddRamBytes(20);
        statistics.Phase = RamPhase.Postcopy;
        statistics.AddRamBytes(300);

        Assert.Equal((1L, 20L, 300L), (statistics.PrecopyBytes, statistics.DowntimeBytes, statistics.PostcopyBytes));
    }

    [Fact]
    public void CountDirtySync_Numbers_StartAtOne()
    {
        var statistics = new MigrationStatistics();
        statistics.Reset(TimeSpan.FromMilliseconds(300));

        Assert.Equal(1, statistics.CountDirtySync(8192));
        Assert.Equal(2, statistics.CountDirtySync(4096));
        Assert.Equal(4096, statistics.DirtyBytesAtLastSync);
        Assert.Equal(4096, statistics.RemainingBytes);
        Assert.Equal(300, statistics.ExpectedDowntimeMilliseconds);
    }

    [Fact]
    public void Finish_Completed_ThroughputIsOfTheWholeTransferWithoutSetup()
    {
        var clock = new ManualClock();
        var statistics = new MigrationStatistics(clock);
        statistics.Reset(TimeSpan.FromMilliseconds(300));
        statistics.SetupMilliseconds = 200;
        statistics.AddMultifdBytes(1_000_000);
        statistics.RemainingBytes = 4096;
        clock.Advance(TimeSpan.FromMilliseconds(1200));

        statistics.Finish(completed: true);
        clock.Advance(TimeSpan.FromSeconds(5));

        Assert.Equal(1200, statistics.TotalMilliseconds);
        Assert.Equal(8.0, statistics.MegabitsPerSecond, precision: 6);
        Assert.Equal(0, statistics.RemainingBytes);
    }

    [Fact]
    public void Update_WindowOver_ThresholdIsBandwidthTimesLimit()
    {
        var clock = new ManualClock();
        var statistics = new MigrationStatistics(clock);
        statistics.Reset(TimeSpan.FromMilliseconds(300));
        var window = new BandwidthWindow(statistics, new MigrationSettings());
        statistics.AddMultifdBytes(200_000);
        statistics.AddNormalPages(40);
        statistics.DirtyPagesPerSecond = 10;
        statistics.CountDirtySync(600_000);

        window.Update();
        Assert.Equal(0, window.ThresholdBytes);
        clock.Advance(TimeSpan.FromMilliseconds(200));
        window.Update();

        Assert.Equal(300_000, window.ThresholdBytes);
        Assert.Equal(8.0, statistics.MegabitsPerSecond, precision: 6);
        Assert.Equal(200, statistics.PagesPerSecond);
        Assert.Equal(600, statistics.ExpectedDowntimeMilliseconds);
    }

    [Fact]
    public void Update_SwitchoverBandwidthGiven_ReplacesTheMeasuredOne()
    {
        var clock = new ManualClock();
        var statistics = new MigrationStatistics(clock);
        statistics.Reset(TimeSpan.FromMilliseconds(300));
        var settings = new MigrationSettings();
        settings.SetParameters([KeyValuePair.Create("avail-switchover-bandwidth", MigrationParameterValue.FromInteger(5_000_000))]);
        var window = new BandwidthWindow(statistics, settings);
        clock.Advance(TimeSpan.FromMilliseconds(100));

        window.Update();

        Assert.Equal(1_500_000, window.ThresholdBytes);
        Assert.Equal(300, statistics.ExpectedDowntimeMilliseconds);
    }

    private sealed class ManualClock : TimeProvider
    {
        private long _now = 1;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _now;

        public void Advance(TimeSpan time) => _now += time.Ticks;
    }
}
