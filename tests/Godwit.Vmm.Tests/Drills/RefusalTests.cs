using Godwit.Migration;
using Godwit.Wire;

namespace Godwit.Vmm.Tests.Drills;

/// <summary>Commands that come at the wrong time, and a guest that never converges.</summary>
public sealed class RefusalTests
{
    [Fact]
    public void Migrate_WhileOneRuns_IsRefusedAndTheFirstCompletes()
    {
        using TestMachine source = Drill.StartSource();
        using TestMachine target = Drill.StartTarget();
        Drill.SetCapability(source, "pause-before-switchover");
        Drill.Connect(source, target);
        source.WaitForStatus(MigrationStatus.PreSwitchover);

        MigrationRefusedException refusal = Assert.Throws<MigrationRefusedException>(
            () => source.Vm.Outgoing.Start(MigrationAddress.ParseUri("tcp:127.0.0.1:1")));
        Assert.Equal("There's a migration process in progress", refusal.Message);
        Assert.Equal(MigrationStatus.PreSwitchover, source.Vm.Outgoing.Status);

        source.Vm.Outgoing.Continue(MigrationStatus.PreSwitchover);
        Drill.WaitForBoth(source, target);
        Assert.Equal(MigrationStatus.Completed, source.Vm.Outgoing.Status);
        target.WaitForRounds(1);
        target.AssertSound();
    }

    [Fact]
    public void Migrate_ToAMachineThatAlreadyLoads_IsTurnedAway()
    {
        using TestMachine source = Drill.StartSource();
        using TestMachine other = Drill.StartSource();
        using TestMachine target = Drill.StartTarget();
        Drill.SetParameter(source, "max-bandwidth", 200_000);
        target.Vm.Incoming.Listen(MigrationAddress.ParseUri("tcp:127.0.0.1:0"), exitOnError: false);
        MigrationAddress address = Assert.Single(target.Vm.Incoming.ListenAddresses);
        source.Vm.Outgoing.Start(address);
        TestMachine.WaitFor(() => target.Vm.Incoming.Status == MigrationStatus.Active, "the load has begun");

        other.Vm.Outgoing.Start(address);
        other.WaitForStatus(MigrationStatus.Failed);
        Assert.True(other.Vm.Outgoing.WaitForEnd(TestMachine.Deadline));
        Drill.AssertRunsOn(other);

        Drill.SetParameter(source, "max-bandwidth", 1UL << 30);
        Drill.WaitForBoth(source, target);
        Assert.Equal(MigrationStatus.Completed, source.Vm.Outgoing.Status);
        target.WaitForRounds(1);
        target.AssertSound();
    }

    [Fact]
    public void Migrate_GuestFasterThanTheLink_StaysActiveUntilCancelled()
    {
        using TestMachine source = Drill.StartSource();
        using TestMachine target = Drill.StartTarget();
        Drill.SetParameter(source, "max-bandwidth", 300_000);
        Drill.SetParameter(source, "downtime-limit", 1);
        Drill.Connect(source, target);
        TestMachine.WaitFor(() => source.Vm.Outgoing.Statistics.DirtySyncCount >= 3, "three passes");
        Assert.Equal(MigrationStatus.Active, source.Vm.Outgoing.Status);
        Assert.True(source.Vm.IsRunning);
        Assert.DoesNotContain("STOP", source.Events);

        source.Vm.Outgoing.Cancel();
        Drill.WaitForBoth(source, target);
        Assert.Equal(MigrationStatus.Cancelled, source.Vm.Outgoing.Status);
        Assert.DoesNotContain("STOP", source.Events);
        Drill.AssertRunsOn(source);
        Drill.MigrateOnceMore(source);
    }

    [Fact]
    public void Continue_InAnotherState_IsRefusedByItsName()
    {
        using TestMachine source = Drill.StartSource();
        using TestMachine target = Drill.StartTarget();
        Assert.Equal("Migration not in expected state: none", Continue(source));
        Drill.SetCapability(source, "pause-before-switchover");
        Drill.SetParameter(source, "max-bandwidth", 200_000);
        Drill.Connect(source, target);
        source.WaitForStatus(MigrationStatus.Active);
        Assert.Equal("Migration not in expected state: active", Continue(source));
        Drill.SetParameter(source, "max-bandwidth", 1UL << 30);
        source.WaitForStatus(MigrationStatus.PreSwitchover);
        Assert.Equal(
            "Migration not in expected state: pre-switchover",
            Assert.Throws<MigrationRefusedException>(() => source.Vm.Outgoing.Continue(MigrationStatus.Active)).Message);
        source.Vm.Outgoing.Continue(MigrationStatus.PreSwitchover);
        Drill.WaitForBoth(source, target);
        Assert.Equal("Migration not in expected state: completed", Continue(source));
        Assert.Equal(MigrationStatus.Completed, source.Vm.Outgoing.Status);
        target.WaitForRounds(1);
        target.AssertSound();
    }

    private static string Continue(TestMachine source) =>
        Assert.Throws<MigrationRefusedException>(() => source.Vm.Outgoing.Continue(MigrationStatus.PreSwitchover)).Message;
}
