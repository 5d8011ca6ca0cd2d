using Godwit.VmState;

namespace Godwit.Migration.Tests.Control;

/// <summary>Before the guest is stopped the devices are saved once for nothing: it must leave no trace.</summary>
public class SaveRehearsalTests
{
    [Fact]
    public void Start_DeviceChangesUntilTheStop_StreamIsThatOfADeviceThatWasSoFromTheBeginning()
    {
        byte[] late = Migrate(device => (device.Value, device.Extra) = (1, 0), atStop: device => (device.Value, device.Extra) = (0xcafe, 7));
        byte[] early = Migrate(device => (device.Value, device.Extra) = (0xcafe, 7), atStop: _ => { });

        Assert.Equal(early, late);
    }

    [Fact]
    public void Start_DeviceRefusesWhileItWorks_IsSavedWhenItStandsStill()
    {
        using var pair = new MigrationPair();
        List<bool> saves = [];
        VmStateDescription<FakeHost> busy = new("busy", version: 1)
        {
            PreSave = host =>
            {
                saves.Add(host.IsRunning);
                if (host.IsRunning)
                    throw new VmStateException("the device works");
            },
        };
        pair.SourceHost.Registry.Register(busy, pair.SourceHost);
        pair.DestinationHost.Registry.Register(busy, pair.DestinationHost);

        pair.Start();
        pair.WaitForBoth();

        Assert.Equal([true, false], saves);
        Assert.Equal(MigrationStatus.Completed, pair.Source.Status);
        Assert.Equal(MigrationStatus.Completed, pair.Destination.Status);
    }

    [Fact]
    public void Start_DeviceRefusesForGood_FailsAndTheGuestGoesOn()
    {
        using var pair = new MigrationPair();
        VmStateDescription<FakeHost> broken = new("broken", version: 1) { PreSave = static _ => throw new VmStateException("the device is broken") };
        pair.SourceHost.Registry.Register(broken, pair.SourceHost);

        pair.Start();
        Assert.True(pair.Source.WaitForEnd(MigrationPair.Deadline));

        Assert.Equal(MigrationStatus.Failed, pair.Source.Status);
        Assert.Equal("the device is broken", pair.Source.ErrorDescription);
        Assert.True(pair.SourceHost.IsRunning);
    }

    [Theory]
    [InlineData(0, 2)]
    [InlineData(10, 5)]
    public void Start_PreparationOfTheStop_LooksAgainAtMemoryOnlyWhenItTookLong(int seconds, long iterations)
    {
        var clock = new JumpingClock();
        var ram = new FakeRam(rounds: 2);
        using var pair = new MigrationPair(ram: ram, clock: clock);
        int preparations = 0;
        pair.SourceHost.Preparing = () =>
        {
            Assert.True(pair.SourceHost.IsRunning);
            preparations++;
            clock.Jump(TimeSpan.FromSeconds(seconds));
            ram.Dirty(rounds: 3);
        };

        pair.Start();
        pair.WaitForBoth();

        Assert.Equal(MigrationStatus.Completed, pair.Destination.Status);
        Assert.Equal(1, preparations);
        Assert.Equal(iterations, pair.Source.Statistics.Iterations);
    }

    private static byte[] Migrate(Action<FakeDevice> atStart, Action<FakeDevice> atStop)
    {
        using var pair = new MigrationPair();
        var channel = new RecordingChannel(pair.SourceEnd);
        atStart(pair.SourceHost.Device);
        pair.SourceHost.Stopping = () => atStop(pair.SourceHost.Device);

        pair.Start(source: channel);
        pair.WaitForBoth();

        Assert.Equal(MigrationStatus.Completed, pair.Destination.Status);
        Assert.Equal(pair.SourceHost.Device.Value, pair.DestinationHost.Device.Value);
        return channel.Written;
    }

    /// <summary>Stands still but for its jumps, so that nothing takes long that is not meant to.</summary>
    private sealed class JumpingClock : TimeProvider
    {
        private long _now = 1;

        public override long GetTimestamp() => Interlocked.Read(ref _now);

        public void Jump(TimeSpan time) => Interlocked.Add(ref _now, (long)(time.TotalSeconds * TimestampFrequency));
    }
}
