using System.Collections.Concurrent;
using Godwit.Machine;
using Godwit.Migration;
using Godwit.Testing;
using Godwit.Wire;

namespace Godwit.Vmm.Tests;

public sealed class VirtualMachineMigrationTests : IDisposable
{
    private static readonly KeyValuePair<string, bool> _returnPath = KeyValuePair.Create("return-path", true);

    private readonly string _directory = Directory.CreateTempSubdirectory("godwit-vmm-").FullName;

    [Theory]
    [InlineData("tcp", true)]
    [InlineData("tcp", false)]
    [InlineData("unix", true)]
    [InlineData("memory", true)]
    public void Migrate_RunningGuest_GoesOnWithoutGap(string transport, bool returnPath)
    {
        using var source = new TestMachine();
        using var target = new TestMachine(isIncoming: true);
        if (returnPath)
        {
            source.Vm.Settings.SetCapabilities([_returnPath]);
            target.Vm.Settings.SetCapabilities([_returnPath]);
        }

        source.Vm.Start();
        target.Vm.Start();
        source.WaitForRounds(3);
        Connect(source, target, transport);
        source.WaitForStatus(MigrationStatus.Completed);
        Assert.True(target.Vm.Incoming.WaitForEnd(TestMachine.Deadline));
        Assert.Null(target.Vm.Incoming.ErrorDescription);
        Assert.Equal(RunState.PostMigrate, source.Vm.RunState);
        Assert.Equal(RunState.Running, target.Vm.RunState);
        target.WaitForRounds(4);
        target.AssertSound();
        AssertConsecutive(TestMachine.RoundsOf(source.Text + target.Text), 10);
        string[] events = [.. source.Events];
        Assert.Equal(["RESUME", "M:setup", "P:1", "M:active"], events[..4]);
        int stop = Array.IndexOf(events, "STOP");
        Assert.Equal("M:device", events[stop + 1]);
        Assert.StartsWith("P:", events[stop + 2], StringComparison.Ordinal);
        Assert.Equal("M:completed", events[stop + 3]);
        Assert.Equal(["M:setup", "M:active", "RESUME", "M:completed"], target.Events.Take(4));
    }

    [Fact]
    public void Migrate_ThereAndBackManyTimes_LosesNothing()
    {
        var current = new TestMachine();
        string text = "";
        try
        {
            current.Vm.Start();
            current.WaitForRounds(1);
            for (int hop = 0; hop < 6; hop++)
            {
                var next = new TestMachine(isIncoming: true);
                current.Vm.Settings.SetCapabilities([_returnPath]);
                next.Vm.Settings.SetCapabilities([_returnPath]);
                Connect(current, next, hop % 2 == 0 ? "memory" : "unix");
                current.WaitForStatus(MigrationStatus.Completed);
                next.WaitForRounds(2);
                text += current.Text;
                current.Dispose();
                current = next;
            }

            current.AssertSound();
            AssertConsecutive(TestMachine.RoundsOf(text + current.Text), 10);
        }
        finally
        {
            current.Dispose();
        }
    }

    [Fact]
    public void Migrate_PausedGuest_ArrivesPausedAndWithoutEvents()
    {
        using var source = new TestMachine();
        using var target = new TestMachine(isIncoming: true);
        source.Vm.Start();
        source.WaitForRounds(2);
        source.Vm.Stop();
        Connect(source, target, "memory");
        source.WaitForStatus(MigrationStatus.Completed);
        Assert.True(target.Vm.Incoming.WaitForEnd(TestMachine.Deadline));
        Assert.Equal(RunState.Paused, target.Vm.RunState);
        Assert.DoesNotContain("RESUME", target.Events);
        Assert.Single(source.Events, "STOP");
        Assert.True(target.Vm.CheckStaircase().IsSound);
        Assert.Equal(source.Vm.CheckStaircase().PagesWritten, target.Vm.CheckStaircase().PagesWritten);
        target.Vm.Continue();
        target.WaitForRounds(1);
    }

    [Fact]
    public void Migrate_PrelaunchGuest_StaysPrelaunch()
    {
        using var source = new TestMachine(startsStopped: true);
        using var target = new TestMachine(isIncoming: true);
        source.Vm.Start();
        Connect(source, target, "memory");
        source.WaitForStatus(MigrationStatus.Completed);
        Assert.True(target.Vm.Incoming.WaitForEnd(TestMachine.Deadline));
        Assert.Equal(RunState.Prelaunch, target.Vm.RunState);
        target.Vm.Continue();
        target.WaitForRounds(1);
        target.AssertSound();
    }

    [Fact]
    public void Migrate_TargetStartsStopped_IsPaused()
    {
        using var source = new TestMachine();
        using var target = new TestMachine(isIncoming: true, startsStopped: true);
        source.Vm.Start();
        source.WaitForRounds(1);
        Connect(source, target, "memory");
        source.WaitForStatus(MigrationStatus.Completed);
        Assert.True(target.Vm.Incoming.WaitForEnd(TestMachine.Deadline));
        Assert.Equal(RunState.Paused, target.Vm.RunState);
        Assert.Equal(["M:setup", "M:active", "M:completed"], target.Events);
    }

    [Fact]
    public void Migrate_AfterCompletion_IsRefusedUntilContinued()
    {
        using var source = new TestMachine();
        using var target = new TestMachine(isIncoming: true);
        source.Vm.Start();
        source.WaitForRounds(1);
        Connect(source, target, "memory");
        source.WaitForStatus(MigrationStatus.Completed);
        MigrationRefusedException refusal = Assert.Throws<MigrationRefusedException>(
            () => source.Vm.Outgoing.Start(MigrationAddress.ParseUri("tcp:127.0.0.1:1")));
        Assert.Equal("Can't migrate the vm that was paused due to previous migration", refusal.Message);
    }

    [Fact]
    public void Migrate_NobodyListens_FailsAndTheGuestNeverStops()
    {
        using var source = new TestMachine();
        source.Vm.Start();
        source.WaitForRounds(1);
        string path = Path.Combine(_directory, "none.sock");
        source.Vm.Outgoing.Start(MigrationAddress.ParseUri($"unix:{path}"));
        source.WaitForStatus(MigrationStatus.Failed);
        Assert.Equal($"Failed to connect to '{path}': No such file or directory", source.Vm.Outgoing.ErrorDescription);
        Assert.Equal(["RESUME", "M:setup", "M:failed"], source.Events);
        source.WaitForRounds(source.Rounds.Length + 1);
        MigrateOnceMore(source);
    }

    [Fact]
    public void PauseBeforeSwitchover_CancelledThere_ResumesTheGuest()
    {
        using var source = new TestMachine();
        using var target = new TestMachine(isIncoming: true);
        source.Vm.Settings.SetCapabilities([KeyValuePair.Create("pause-before-switchover", true)]);
        source.Vm.Start();
        source.WaitForRounds(1);
        Connect(source, target, "memory");
        source.WaitForStatus(MigrationStatus.PreSwitchover);
        Assert.Equal(RunState.FinishMigrate, source.Vm.RunState);
        Assert.Equal("Migration is not finalized yet", Assert.Throws<VmRefusedException>(source.Vm.Continue).Message);
        source.Vm.Outgoing.Cancel();
        source.WaitForStatus(MigrationStatus.Cancelled);
        TestMachine.WaitFor(() => source.Vm.RunState == RunState.Running, "running again");
        int rounds = source.Rounds.Length;
        source.WaitForRounds(rounds + 2);
        Assert.True(target.Vm.Incoming.WaitForEnd(TestMachine.Deadline));
        Assert.Equal(MigrationStatus.Failed, target.Vm.Incoming.Status);
        Assert.Equal(RunState.InMigrate, target.Vm.RunState);
        string[] tail = [.. source.Events.SkipWhile(e => e != "STOP")];
        Assert.Equal(["STOP", "M:pre-switchover", "M:cancelling", "RESUME", "M:cancelled"], tail);
        source.Vm.Settings.SetCapabilities([KeyValuePair.Create("pause-before-switchover", false)]);
        MigrateOnceMore(source);
    }

    [Fact]
    public void PauseBeforeSwitchover_Continued_Completes()
    {
        using var source = new TestMachine();
        using var target = new TestMachine(isIncoming: true);
        source.Vm.Settings.SetCapabilities([KeyValuePair.Create("pause-before-switchover", true)]);
        source.Vm.Start();
        source.WaitForRounds(1);
        Connect(source, target, "memory");
        source.WaitForStatus(MigrationStatus.PreSwitchover);
        source.Vm.Outgoing.Continue(MigrationStatus.PreSwitchover);
        source.WaitForStatus(MigrationStatus.Completed);
        target.WaitForRounds(1);
        target.AssertSound();
        string[] tail = [.. source.Events.SkipWhile(e => e != "STOP")];
        Assert.Equal("STOP M:pre-switchover M:device P M:completed", string.Join(' ', tail.Select(e => e.StartsWith("P:", StringComparison.Ordinal) ? "P" : e)));
    }

    [Fact]
    public async Task Incoming_Garbage_EndsTheProcessUnlessToldOtherwise()
    {
        using var target = new TestMachine(isIncoming: true);
        (Channel here, Channel there) = MemoryChannel.CreatePair();
        target.Vm.Incoming.Listen(_ => there);
        here.Write("GET / HTTP/1.1\r\n\r\n"u8);
        here.Shutdown();
        VmExit exit = await target.Vm.Ended.WaitAsync(TestMachine.Deadline);
        Assert.Equal(1, exit.ExitCode);
        Assert.StartsWith("load of migration failed: Invalid argument", exit.Reason, StringComparison.Ordinal);
        Assert.Equal(RunState.InMigrate, target.Vm.RunState);

        using var patient = new TestMachine(isIncoming: true);
        (here, there) = MemoryChannel.CreatePair();
        patient.Vm.Incoming.Listen(_ => there, exitOnError: false);
        here.Write("GET / HTTP/1.1\r\n\r\n"u8);
        here.Shutdown();
        Assert.True(patient.Vm.Incoming.WaitForEnd(TestMachine.Deadline));
        Assert.Equal(MigrationStatus.Failed, patient.Vm.Incoming.Status);
        Assert.False(patient.Vm.Ended.IsCompleted);
    }

    [Fact]
    public async Task Quit_WhileMigrating_CancelsAndEnds()
    {
        using var source = new TestMachine();
        source.Vm.Settings.SetParameters([KeyValuePair.Create("max-bandwidth", MigrationParameterValue.FromInteger(1UL << 20))]);
        source.Vm.Start();
        source.WaitForRounds(1);
        (Channel here, Channel there) = MemoryChannel.CreatePair();
        source.Vm.Outgoing.Start("memory", _ => here);
        source.WaitForStatus(MigrationStatus.Active);
        source.Vm.Quit("host-qmp-quit");
        Assert.Equal(0, (await source.Vm.Ended.WaitAsync(TestMachine.Deadline)).ExitCode);
        there.Shutdown();
        Assert.True(source.Vm.Outgoing.WaitForEnd(TestMachine.Deadline));
        string[] events = [.. source.Events];
        Assert.True(Array.IndexOf(events, "SHUTDOWN(host-qmp-quit,false)") < Array.IndexOf(events, "M:cancelling"));
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private static void AssertConsecutive(ulong[] rounds, ulong step)
    {
        Assert.NotEmpty(rounds);
        for (int i = 1; i < rounds.Length; i++)
            Assert.Equal(rounds[i - 1] + step, rounds[i]);
    }

    private void MigrateOnceMore(TestMachine source)
    {
        using var target = new TestMachine(isIncoming: true);
        Connect(source, target, "memory");
        source.WaitForStatus(MigrationStatus.Completed);
        target.WaitForRounds(1);
        target.AssertSound();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Migrate_MachineWithACard_AnnouncesItselfOnceItRuns(bool startsStopped)
    {
        var cable = new RecordingCable();
        using var source = new TestMachine(change: o => o with { VirtioDevices = [new VirtioNetOptions { Backend = new RecordingCable() }] });
        using var target = new TestMachine(
            isIncoming: true, startsStopped, o => o with { VirtioDevices = [new VirtioNetOptions { Backend = cable }] });
        target.Vm.Settings.SetParameters([
            KeyValuePair.Create("announce-rounds", MigrationParameterValue.FromInteger(3)),
            KeyValuePair.Create("announce-initial", MigrationParameterValue.FromInteger(1)),
            KeyValuePair.Create("announce-step", MigrationParameterValue.FromInteger(1)),
        ]);
        source.Vm.Start();
        target.Vm.Start();
        Connect(source, target, "memory");
        source.WaitForStatus(MigrationStatus.Completed);
        Assert.True(target.Vm.Incoming.WaitForEnd(TestMachine.Deadline));
        if (startsStopped)
        {
            Assert.Equal(RunState.Paused, target.Vm.RunState);
            Assert.Empty(cable.Sent);
            target.Vm.Continue();
        }

        TestMachine.WaitFor(() => cable.Sent.Count == 3, "three announcements");
        int rounds = target.Rounds.Length;
        target.WaitForRounds(rounds + 5);
        target.Vm.Stop();
        target.Vm.Continue();
        Assert.Equal(3, cable.Sent.Count);
        Assert.All(cable.Sent, frame => Assert.Equal("ffffffffffff5254001234568035", Convert.ToHexStringLower(frame.AsSpan(0, 14))));
    }

    private sealed class RecordingCable : INetBackend
    {
        public event EventHandler? FramesArrived
        {
            add { }
            remove { }
        }

        public ConcurrentQueue<byte[]> Sent { get; } = [];

        public void Send(ReadOnlySpan<byte> frame) => Sent.Enqueue(frame.ToArray());

        public int Receive(Span<byte> destination) => 0;

        public void Dispose()
        {
        }
    }

    private void Connect(TestMachine source, TestMachine target, string transport)
    {
        if (transport == "memory")
        {
            (Channel here, Channel there) = MemoryChannel.CreatePair();
            target.Vm.Incoming.Listen(_ => there, exitOnError: false);
            source.Vm.Outgoing.Start("memory", _ => here);
            return;
        }

        string uri = transport == "tcp" ? "tcp:127.0.0.1:0" : $"unix:{Path.Combine(_directory, Guid.NewGuid().ToString("N"))}";
        target.Vm.Incoming.Listen(MigrationAddress.ParseUri(uri), exitOnError: false);
        source.Vm.Outgoing.Start(Assert.Single(target.Vm.Incoming.ListenAddresses));
    }
}
