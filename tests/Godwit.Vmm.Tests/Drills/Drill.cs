using Godwit.Migration;
using Godwit.Testing;
using Godwit.Wire;

namespace Godwit.Vmm.Tests.Drills;

/// <summary>What the drills share: machines with a return path, migrations over wrapped channels, and what has to hold afterwards.</summary>
internal static class Drill
{
    public static void SetCapability(TestMachine machine, string name, bool isOn = true) =>
        machine.Vm.Settings.SetCapabilities([KeyValuePair.Create(name, isOn)]);

    public static void SetParameter(TestMachine machine, string name, ulong value) =>
        machine.Vm.Settings.SetParameters([KeyValuePair.Create(name, MigrationParameterValue.FromInteger(value))]);

    /// <summary>A guest that runs, in a machine that asks for an answer.</summary>
    public static TestMachine StartSource(Func<VmOptions, VmOptions>? change = null)
    {
        var source = new TestMachine(change: change);
        SetCapability(source, "return-path");
        source.Vm.Start();
        source.WaitForRounds(1);
        return source;
    }

    public static TestMachine StartTarget()
    {
        var target = new TestMachine(isIncoming: true);
        SetCapability(target, "return-path");
        return target;
    }

    /// <summary>Begins a migration through memory, each end wrapped as the drill wants it.</summary>
    public static void Connect(TestMachine source, TestMachine target, Func<Channel, Channel>? atSource = null, Func<Channel, Channel>? atTarget = null)
    {
        (Channel here, Channel there) = MemoryChannel.CreatePair();
        Channel near = atSource is null ? here : atSource(here);
        Channel far = atTarget is null ? there : atTarget(there);
        target.Vm.Incoming.Listen(_ => far, exitOnError: false);
        source.Vm.Outgoing.Start("memory", _ => near);
    }

    /// <summary>Waits until neither side has anything left to do.</summary>
    public static void WaitForBoth(TestMachine source, TestMachine target)
    {
        Assert.True(source.Vm.Outgoing.WaitForEnd(TestMachine.Deadline), $"the source is {source.Vm.Outgoing.Status}");
        Assert.True(target.Vm.Incoming.WaitForEnd(TestMachine.Deadline), $"the target is {target.Vm.Incoming.Status}");
    }

    /// <summary>The guest runs here and makes progress.</summary>
    public static void AssertRunsOn(TestMachine machine)
    {
        Assert.Equal(RunState.Running, machine.Vm.RunState);
        machine.WaitForRounds(machine.Rounds.Length + 2);
        Assert.DoesNotContain("VIOLATION", machine.Text, StringComparison.Ordinal);
    }

    /// <summary>A failed attempt: the reason is there, the guest runs on.</summary>
    public static void AssertFailedAndRunsOn(TestMachine source, string reason)
    {
        source.WaitForStatus(MigrationStatus.Failed);
        Assert.True(source.Vm.Outgoing.WaitForEnd(TestMachine.Deadline));
        Assert.Contains(reason, source.Vm.Outgoing.ErrorDescription, StringComparison.Ordinal);
        Assert.False(source.Vm.Outgoing.IsUndecided);
        AssertRunsOn(source);
    }

    /// <summary>The next migration completes, and the guest's memory is sound at the other end.</summary>
    public static void MigrateOnceMore(TestMachine source)
    {
        SetCapability(source, "pause-before-switchover", isOn: false);
        SetParameter(source, "max-bandwidth", 1UL << 30);
        SetParameter(source, "downtime-limit", 300);
        using TestMachine target = StartTarget();
        Connect(source, target);
        WaitForBoth(source, target);
        Assert.Null(target.Vm.Incoming.ErrorDescription);
        Assert.Equal(MigrationStatus.Completed, source.Vm.Outgoing.Status);
        target.WaitForRounds(2);
        target.AssertSound();
        ulong[] rounds = TestMachine.RoundsOf(source.Text + target.Text);
        for (int i = 1; i < rounds.Length; i++)
            Assert.Equal(rounds[i - 1] + 10, rounds[i]);
    }
}
