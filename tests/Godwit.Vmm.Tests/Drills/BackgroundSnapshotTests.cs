using Godwit.Machine;
using Godwit.Migration;
using Godwit.Testing;
using Godwit.Wire;

namespace Godwit.Vmm.Tests.Drills;

/// <summary>A guest that never stops writing is saved as of one instant; its own checks and the verifier's say whether that is true.</summary>
public sealed class BackgroundSnapshotTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Snapshot_GuestWritesWithoutPause_OneMomentArrivesAndTheGuestGoesOn(bool cancelsFirst)
    {
        using TestMachine source = Busy();
        source.Vm.Settings.SetCapabilities([KeyValuePair.Create("background-snapshot", true)]);
        source.Vm.Start();
        source.WaitForRounds(1);
        if (cancelsFirst)
        {
            (Channel lost, Channel end) = MemoryChannel.CreatePair(4096);
            source.Vm.Outgoing.Start("memory", _ => lost);
            TestMachine.WaitFor(() => source.Events.Count(static e => e == "RESUME") == 2, "the guest goes on");
            source.Vm.Outgoing.Cancel();
            source.WaitForStatus(MigrationStatus.Cancelled);
            end.Dispose();
        }

        int events = source.Events.Count;
        int rounds = source.Rounds.Length;
        using var restored = new TestMachine(isIncoming: true);
        (Channel here, Channel there) = MemoryChannel.CreatePair(16 * 1024);
        restored.Vm.Incoming.Listen(_ => there, exitOnError: false);
        source.Vm.Outgoing.Start("memory", _ => here);
        source.WaitForStatus(MigrationStatus.Completed);
        Assert.True(restored.Vm.Incoming.WaitForEnd(TestMachine.Deadline));
        Assert.Null(restored.Vm.Incoming.ErrorDescription);
        source.WaitForRounds(rounds + 3);
        restored.WaitForRounds(3);
        Assert.Equal(["M:setup", "M:active", "STOP", "RESUME", "M:completed"], source.Events.Skip(events));
        source.AssertSound();
        restored.AssertSound();
    }

    [Fact]
    public void Snapshot_PausedGuest_StaysPausedWithoutEvents()
    {
        using TestMachine source = Busy();
        source.Vm.Settings.SetCapabilities([KeyValuePair.Create("background-snapshot", true)]);
        source.Vm.Start();
        source.WaitForRounds(1);
        source.Vm.Stop();
        int known = source.Events.Count;
        ulong written = source.Vm.CheckStaircase().PagesWritten;

        (Channel here, Channel there) = MemoryChannel.CreatePair();
        using var target = new TestMachine(isIncoming: true);
        target.Vm.Incoming.Listen(_ => there, exitOnError: false);
        source.Vm.Outgoing.Start("memory", _ => here);
        source.WaitForStatus(MigrationStatus.Completed);
        Assert.True(target.Vm.Incoming.WaitForEnd(TestMachine.Deadline));

        Assert.Equal(RunState.Paused, source.Vm.RunState);
        Assert.Equal(["M:setup", "M:active", "M:completed"], source.Events.Skip(known));
        Assert.Equal(RunState.Paused, target.Vm.RunState);
        Assert.Equal(written, target.Vm.CheckStaircase().PagesWritten);
        source.Vm.Continue();
        source.WaitForRounds(source.Rounds.Length + 1);
    }

    private static TestMachine Busy() => new(change: static options => options with
    {
        Staircase = new StaircaseOptions { RamBytes = 8 << 20, WorkingSetPages = 1500, ReportRounds = 5 },
    });
}
