using Godwit.Wire;

namespace Godwit.Migration.Tests.Control;

public class OutgoingMigrationTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Start_PeerLoads_BothCompleteInTheStatedOrder(bool returnPath)
    {
        using var pair = new MigrationPair(returnPath);
        pair.SourceHost.Device.Value = 0xcafe;
        pair.SourceHost.Device.Extra = 7;

        pair.Start();
        pair.WaitForBoth();

        Assert.Equal("M:setup M:active STOP M:device M:completed", pair.SourceHost.Events);
        Assert.Equal("M:setup M:active RESUME M:completed", pair.DestinationHost.Events);
        Assert.Equal(RunState.PostMigrate, pair.SourceHost.RunState);
        Assert.Equal(0xcafeu, pair.DestinationHost.Device.Value);
        Assert.Equal(7, pair.DestinationHost.Device.Extra);
        Assert.Equal(1, pair.DestinationHost.FakeRam.SwitchoverStarts);
        Assert.Equal(1, pair.SourceHost.FakeRam.Cleanups);
        Assert.Equal(1, pair.DestinationHost.FakeRam.LoadCleanups);
        Assert.Null(pair.Source.ErrorDescription);
    }

    [Fact]
    public void Start_AfterDispose_IsRefused()
    {
        using var pair = new MigrationPair();
        pair.Source.Dispose();

        Assert.Throws<ObjectDisposedException>(() => pair.Start());

        Assert.Equal("", pair.SourceHost.Events);
    }

    [Fact]
    public void Start_Completed_StatisticsAddUp()
    {
        using var pair = new MigrationPair();

        pair.Start();
        pair.WaitForBoth();

        var statistics = pair.Source.Statistics;
        Assert.Equal(pair.SourceEnd.BytesWritten, statistics.TransferredBytes);
        Assert.Equal(2, statistics.Iterations);
        Assert.Equal(0, statistics.RemainingBytes);
        Assert.InRange(statistics.DowntimeMilliseconds, 0, statistics.TotalMilliseconds);
        Assert.InRange(statistics.SetupMilliseconds, 0, statistics.TotalMilliseconds);
    }

    [Fact]
    public void Start_SourcePaused_NoStopNoResumeAndPausedThere()
    {
        using var pair = new MigrationPair(sourceState: RunState.Paused);

        pair.Start();
        pair.WaitForBoth();

        Assert.Equal("M:setup M:active M:device M:completed", pair.SourceHost.Events);
        Assert.Equal("M:setup M:active M:completed", pair.DestinationHost.Events);
        Assert.Equal(RunState.Paused, pair.DestinationHost.RunState);
    }

    [Fact]
    public void Start_WhileOneRuns_IsRefusedAndDoesNotDisturb()
    {
        using var pair = new MigrationPair(ram: new FakeRam(converges: false));
        pair.Start();
        Eventually.Reaches(pair.Source, MigrationStatus.Active);

        var refusal = Assert.Throws<MigrationRefusedException>(() => pair.Source.Start("again", _ => throw new InvalidOperationException()));
        var capability = Assert.Throws<MigrationRefusedException>(() => pair.SourceSettings.SetCapabilities([]));
        var blocker = Assert.Throws<VmState.VmStateException>(() => pair.SourceHost.Registry.AddBlocker("too late"));

        Assert.Equal("There's a migration process in progress", refusal.Message);
        Assert.Equal("There's a migration process in progress", capability.Message);
        Assert.Equal("disallowing migration blocker (migration/snapshot in progress) for: too late", blocker.Message);
        Assert.Equal(MigrationStatus.Active, pair.Source.Status);
    }

    [Theory]
    [InlineData(RunState.InMigrate, "Guest is waiting for an incoming migration")]
    [InlineData(RunState.PostMigrate, "Can't migrate the vm that was paused due to previous migration")]
    public void Start_RunStateForbidsIt_IsRefusedWithoutAnEvent(RunState state, string expected)
    {
        using var pair = new MigrationPair(sourceState: state);

        var refusal = Assert.Throws<MigrationRefusedException>(() => pair.Source.Start("x", _ => pair.SourceEnd));

        Assert.Equal(expected, refusal.Message);
        Assert.Equal("", pair.SourceHost.Events);
        Assert.Equal(MigrationStatus.None, pair.Source.Status);
    }

    [Fact]
    public void Start_Blocked_IsRefusedUntilTheBlockerIsGone()
    {
        using var pair = new MigrationPair();
        var blocker = pair.SourceHost.Registry.AddBlocker("The thing cannot travel");

        var refusal = Assert.Throws<MigrationRefusedException>(() => pair.Source.Start("x", _ => pair.SourceEnd));
        blocker.Dispose();
        pair.Start();
        pair.WaitForBoth();

        Assert.Equal("The thing cannot travel", refusal.Message);
        Assert.Equal(MigrationStatus.Completed, pair.Source.Status);
    }

    [Fact]
    public void Start_ConnectFails_FailedWithReasonAndNextOneWorks()
    {
        using var pair = new MigrationPair();
        pair.Source.Start("nowhere", _ => throw new ChannelException("tcp:x:1", "Failed to connect to 'x:1': Connection refused"));
        Assert.True(pair.Source.WaitForEnd(MigrationPair.Deadline));

        Assert.Equal("M:setup M:failed", pair.SourceHost.Events);
        Assert.Equal("Failed to connect to 'x:1': Connection refused", pair.Source.ErrorDescription);
        Assert.Equal(RunState.Running, pair.SourceHost.RunState);

        pair.Start();
        pair.WaitForBoth();
        Assert.Equal(MigrationStatus.Completed, pair.Source.Status);
        Assert.Null(pair.Source.ErrorDescription);
    }

    [Fact]
    public void Start_FileCannotBeCreated_RefusedAndFailed()
    {
        using var pair = new MigrationPair();

        var refusal = Assert.Throws<MigrationRefusedException>(() => pair.Source.Start(MigrationAddress.ParseUri("file:/nonexistent/f")));

        Assert.Contains("/nonexistent/f", refusal.Message, StringComparison.Ordinal);
        Assert.Equal("M:setup M:failed", pair.SourceHost.Events);
        Assert.True(pair.SourceHost.IsRunning);
    }

    [Fact]
    public void Start_CommandFails_FailedAndGuestRunsOn()
    {
        using var pair = new MigrationPair(returnPath: false);

        pair.Source.Start(MigrationAddress.ParseUri("exec:exit 3"));
        Assert.True(pair.Source.WaitForEnd(MigrationPair.Deadline));

        Assert.Equal(MigrationStatus.Failed, pair.Source.Status);
        Assert.NotNull(pair.Source.ErrorDescription);
        Assert.True(pair.SourceHost.IsRunning);
        Assert.False(pair.Source.IsUndecided);
    }

    [Fact]
    public void Start_CommandTakesAllAndThenFails_FailedAndGuestRunsOn()
    {
        using var pair = new MigrationPair(returnPath: false);

        pair.Source.Start(MigrationAddress.ParseUri("exec:cat >/dev/null; exit 5"));
        Assert.True(pair.Source.WaitForEnd(MigrationPair.Deadline));

        Assert.Equal(MigrationStatus.Failed, pair.Source.Status);
        Assert.True(pair.SourceHost.IsRunning);
        Assert.EndsWith("M:failed RESUME", pair.SourceHost.Events, StringComparison.Ordinal);
    }

    [Fact]
    public void Start_DiskFull_FailedAndGuestRunsOn()
    {
        using var pair = new MigrationPair(returnPath: false);

        pair.Source.Start(MigrationAddress.ParseUri("exec:cat >/dev/full"));
        Assert.True(pair.Source.WaitForEnd(MigrationPair.Deadline));

        Assert.Equal(MigrationStatus.Failed, pair.Source.Status);
        Assert.True(pair.SourceHost.IsRunning);
    }

    [Fact]
    public void Start_ToAFileAndBack_LoadsWhatWasSaved()
    {
        var path = Path.Combine(Path.GetTempPath(), $"godwit-{Guid.NewGuid():n}");
        try
        {
            using var pair = new MigrationPair(returnPath: true);
            pair.SourceHost.Device.Value = 42;
            pair.Source.Start(MigrationAddress.ParseUri($"file:{path}"));
            Assert.True(pair.Source.WaitForEnd(MigrationPair.Deadline));
            Assert.Equal(MigrationStatus.Completed, pair.Source.Status);

            pair.Destination.Listen(MigrationAddress.ParseUri($"file:{path}"));
            Assert.True(pair.Destination.WaitForEnd(MigrationPair.Deadline));

            Assert.Equal(42u, pair.DestinationHost.Device.Value);
            Assert.True(pair.DestinationHost.IsRunning);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void Start_OverTcp_Completes()
    {
        using var pair = new MigrationPair();
        pair.Destination.Listen(MigrationAddress.ParseUri("tcp:127.0.0.1:0"));
        var address = Assert.Single(pair.Destination.ListenAddresses);

        pair.Source.Start(address);
        pair.WaitForBoth();

        Assert.Equal(MigrationStatus.Completed, pair.Source.Status);
        Assert.True(pair.DestinationHost.IsRunning);
        Assert.Empty(pair.Destination.ListenAddresses);
    }

    [Fact]
    public void Start_GuestNeverConverges_StaysActive()
    {
        using var pair = new MigrationPair(ram: new FakeRam(converges: false));
        pair.Start();

        Eventually.Holds(() => pair.Source.Statistics.Iterations > 100, "a hundred rounds");

        Assert.Equal(MigrationStatus.Active, pair.Source.Status);
        Assert.True(pair.SourceHost.IsRunning);
        pair.Source.Cancel();
        pair.WaitForBoth();
        Assert.Equal(MigrationStatus.Cancelled, pair.Source.Status);
    }

    [Fact]
    public void Start_DowntimeLimitRaised_ConvergesWhileRunning()
    {
        // A pending count that does not shrink, small enough for two seconds of any link.
        using var pair = new MigrationPair(ram: new FakeRam(converges: false));
        pair.Start();
        Eventually.Reaches(pair.Source, MigrationStatus.Active);

        pair.SourceSettings.SetParameters(
        [
            KeyValuePair.Create("avail-switchover-bandwidth", MigrationParameterValue.FromInteger(long.MaxValue)),
            KeyValuePair.Create("downtime-limit", MigrationParameterValue.FromInteger(2000000)),
        ]);
        pair.WaitForBoth();

        Assert.Equal(MigrationStatus.Completed, pair.Source.Status);
    }

    [Fact]
    public void Continue_InPreSwitchover_Completes()
    {
        using var pair = new MigrationPair();
        pair.SourceSettings.SetCapabilities([KeyValuePair.Create("pause-before-switchover", true)]);
        pair.Start();
        Eventually.Reaches(pair.Source, MigrationStatus.PreSwitchover);
        Assert.Equal(RunState.FinishMigrate, pair.SourceHost.RunState);

        var refusal = Assert.Throws<MigrationRefusedException>(() => pair.Source.Continue(MigrationStatus.Active));
        pair.Source.Continue(MigrationStatus.PreSwitchover);
        pair.WaitForBoth();

        Assert.Equal("Migration not in expected state: pre-switchover", refusal.Message);
        Assert.Equal("M:setup M:active STOP M:pre-switchover M:device M:completed", pair.SourceHost.Events);
    }

    [Fact]
    public void PreSwitchover_PeerDies_FailsAndResumes()
    {
        using var pair = new MigrationPair();
        pair.SourceSettings.SetCapabilities([KeyValuePair.Create("pause-before-switchover", true)]);
        pair.Start();
        Eventually.Reaches(pair.Source, MigrationStatus.PreSwitchover);

        pair.DestinationEnd.Shutdown();
        pair.WaitForBoth();

        Assert.Equal("M:setup M:active STOP M:pre-switchover M:failed RESUME", pair.SourceHost.Events);
        Assert.Equal(MigrationStatus.Failed, pair.Destination.Status);
        Assert.True(pair.SourceHost.IsRunning);
    }

    [Fact]
    public void RamChanged_WhileActive_FailsWithTheReason()
    {
        using var pair = new MigrationPair(ram: new FakeRam(converges: false));
        pair.Start();
        Eventually.Reaches(pair.Source, MigrationStatus.Active);

        pair.Source.RamChanged("RAM block 'x' was removed during the migration");
        pair.WaitForBoth();

        Assert.Equal("RAM block 'x' was removed during the migration", pair.Source.ErrorDescription);
        Assert.Equal("M:setup M:active M:failed", pair.SourceHost.Events);
        Assert.True(pair.SourceHost.IsRunning);
    }

    [Fact]
    public void RamResized_WhileActive_CancelsWithTheReason()
    {
        using var pair = new MigrationPair(ram: new FakeRam(converges: false));
        pair.Start();
        Eventually.Reaches(pair.Source, MigrationStatus.Active);

        pair.Source.RamResized("RAM block 'x' was resized from 0x1000 to 0x2000 bytes during the migration");
        pair.WaitForBoth();

        Assert.Equal(MigrationStatus.Cancelled, pair.Source.Status);
        Assert.Equal("RAM block 'x' was resized from 0x1000 to 0x2000 bytes during the migration", pair.Source.ErrorDescription);
        Assert.Equal("M:setup M:active M:cancelling M:cancelled", pair.SourceHost.Events);
        Assert.True(pair.SourceHost.IsRunning);
    }

    [Fact]
    public void SwitchoverAck_LegacyRule_AnsweredAtOnce()
    {
        using var pair = new MigrationPair();
        pair.SourceSettings.SetCapabilities([KeyValuePair.Create("switchover-ack", true)]);
        pair.DestinationSettings.SetCapabilities([KeyValuePair.Create("return-path", true), KeyValuePair.Create("switchover-ack", true)]);

        pair.Start();
        pair.WaitForBoth();

        Assert.Equal(MigrationStatus.Completed, pair.Source.Status);
    }

    [Fact]
    public void SwitchoverAck_NeverGiven_StaysActiveAndCancels()
    {
        using var pair = new MigrationPair();
        pair.SourceSettings.SetCapabilities([KeyValuePair.Create("switchover-ack", true)]);
        pair.Start();
        Eventually.Holds(() => pair.Source.Statistics.Iterations > 4, "rounds after everything was sent");
        Assert.Equal(MigrationStatus.Active, pair.Source.Status);

        pair.Source.Cancel();
        pair.WaitForBoth();

        Assert.Equal(MigrationStatus.Cancelled, pair.Source.Status);
        Assert.True(pair.SourceHost.IsRunning);
    }

    [Fact]
    public void Bandwidth_Limited_KeepsToTheLimit()
    {
        using var pair = new MigrationPair(ram: new FakeRam(rounds: 12));
        pair.SourceSettings.SetParameters(
        [
            KeyValuePair.Create("max-bandwidth", MigrationParameterValue.FromInteger(10240)),
            KeyValuePair.Create("downtime-limit", MigrationParameterValue.FromInteger(0)),
        ]);

        pair.Start();
        pair.WaitForBoth();

        // 12 rounds of 268 bytes at 1024 bytes per slice of 100 ms cannot be done in less than three slices.
        Assert.InRange(pair.Source.Statistics.TotalMilliseconds, 190, 20000);
        Assert.Equal(MigrationStatus.Completed, pair.Source.Status);
    }
}
