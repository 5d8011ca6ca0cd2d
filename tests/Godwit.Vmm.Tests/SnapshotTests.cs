using Godwit.Migration;
using Godwit.Testing;
using Godwit.Vmm.Tests.Drills;
using Godwit.Wire;

namespace Godwit.Vmm.Tests;

/// <summary>Snapshots by name: what they bring back, and what is left when they fail.</summary>
public sealed class SnapshotTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private string StorePath => _directory.File("store");

    [Fact]
    public void Load_RunningGuest_GoesBackToThatMomentEachTime()
    {
        using TestMachine machine = Start(out SnapshotStore store);
        machine.WaitForRounds(2);
        machine.Vm.SaveSnapshot(store, "t1", replaces: false);
        machine.WaitForRounds(machine.Rounds.Length + 3);
        for (int i = 0; i < 2; i++)
        {
            machine.Vm.Stop();
            int known = machine.Rounds.Length;
            ulong last = machine.Rounds[^1];
            machine.Vm.Continue();
            machine.Vm.LoadSnapshot(store, "t1");
            Assert.Equal(RunState.Running, machine.Vm.RunState);
            TestMachine.WaitFor(() => machine.Rounds.Skip(known).Any(round => round < last), "rounds that were before");
            machine.WaitForRounds(machine.Rounds.Length + 3);
        }

        machine.AssertSound();
    }

    [Fact]
    public void Load_InAnotherProcessesPlace_GuestGoesOn()
    {
        ulong written;
        using (TestMachine machine = Start(out SnapshotStore store))
        {
            machine.WaitForRounds(2);
            machine.Vm.Stop();
            written = machine.Vm.CheckStaircase().PagesWritten;
            machine.Vm.SaveSnapshot(store, "paused", replaces: false);
            Assert.Equal(RunState.Paused, machine.Vm.RunState);
            Assert.Equal(1, machine.Events.Count(static e => e == "STOP"));
        }

        using TestMachine other = Start(out SnapshotStore same, startsStopped: true);
        other.Vm.LoadSnapshot(same, "paused");
        Assert.Equal(RunState.Prelaunch, other.Vm.RunState);
        Assert.Equal(written, other.Vm.CheckStaircase().PagesWritten);
        other.Vm.Continue();
        other.WaitForRounds(2);
        other.AssertSound();
        SnapshotInfo info = Assert.Single(same.List());
        Assert.Equal(("paused", 1), (info.Tag, info.Id));
        Assert.Equal(new FileInfo(same.PathOf(info)).Length, info.SizeBytes);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1000)]
    [InlineData(100_000)]
    public void Load_StreamIsDamaged_NothingRunsUntilAnotherIsLoaded(int kept)
    {
        using TestMachine machine = Start(out SnapshotStore store);
        machine.WaitForRounds(1);
        machine.Vm.SaveSnapshot(store, "good", replaces: false);
        machine.Vm.SaveSnapshot(store, "bad", replaces: false);
        using (FileStream file = File.OpenWrite(store.PathOf(store.Find("bad")!)))
            file.SetLength(kept);
        MigrationFailedException failure = Assert.Throws<MigrationFailedException>(() => machine.Vm.LoadSnapshot(store, "bad"));
        Assert.Contains("unexpected end of stream", failure.Message, StringComparison.Ordinal);
        Assert.Equal(RunState.InternalError, machine.Vm.RunState);
        Assert.Equal("Resetting the Virtual Machine is required", Assert.Throws<VmRefusedException>(machine.Vm.Continue).Message);
        machine.Vm.LoadSnapshot(store, "good");
        Assert.Equal(RunState.Paused, machine.Vm.RunState);
        machine.Vm.Continue();
        machine.WaitForRounds(machine.Rounds.Length + 2);
        machine.AssertSound();
    }

    [Fact]
    public void Load_NoSuchTag_GuestNeverStops()
    {
        using TestMachine machine = Start(out SnapshotStore store);
        machine.WaitForRounds(1);
        VmRefusedException refusal = Assert.Throws<VmRefusedException>(() => machine.Vm.LoadSnapshot(store, "nope"));
        Assert.Equal("Snapshot 'nope' does not exist in one or more devices", refusal.Message);
        Assert.DoesNotContain("STOP", machine.Events);
        Drill.AssertRunsOn(machine);
    }

    [Fact]
    public void Save_WhileMigrating_IsRefusedAndTheMigrationGoesOn()
    {
        using TestMachine machine = Start(out SnapshotStore store);
        Drill.SetCapability(machine, "pause-before-switchover");
        using var target = new TestMachine(isIncoming: true);
        Drill.Connect(machine, target);
        machine.WaitForStatus(MigrationStatus.PreSwitchover);
        foreach (Action command in new[] { () => machine.Vm.SaveSnapshot(store, "t", false), () => machine.Vm.LoadSnapshot(store, "t") })
            Assert.Equal("There's a migration process in progress", Assert.Throws<VmRefusedException>(command).Message);
        Assert.Equal("Guest is waiting for an incoming migration", Assert.Throws<VmRefusedException>(() => target.Vm.LoadSnapshot(store, "t")).Message);
        machine.Vm.Outgoing.Continue(MigrationStatus.PreSwitchover);
        Drill.WaitForBoth(machine, target);
        Assert.Equal(MigrationStatus.Completed, machine.Vm.Outgoing.Status);
    }

    [Fact]
    public void Save_AfterwardsMigrate_Works()
    {
        using TestMachine machine = Start(out SnapshotStore store);
        Drill.SetCapability(machine, "return-path");
        Drill.SetCapability(machine, "mapped-ram");
        machine.WaitForRounds(1);
        machine.Vm.SaveSnapshot(store, "t1", replaces: false);
        machine.Vm.LoadSnapshot(store, "t1");
        Drill.SetCapability(machine, "mapped-ram", isOn: false);
        using var target = new TestMachine(isIncoming: true);
        Drill.SetCapability(target, "return-path");
        Drill.Connect(machine, target);
        Drill.WaitForBoth(machine, target);
        target.WaitForRounds(2);
        target.AssertSound();
    }

    [PrivilegedFact]
    public void Save_DiskFull_StoreIsAsBefore()
    {
        using var disk = new SmallDisk(_directory.File("disk"), kilobytes: 1200);
        using TestMachine machine = Start(out SnapshotStore store, path: Path.Combine(_directory.File("disk"), "store"));
        machine.WaitForRounds(1);
        machine.Vm.SaveSnapshot(store, "first", replaces: true);
        SnapshotInfo first = Assert.Single(store.List());
        var failure = Assert.ThrowsAny<Exception>(() =>
        {
            for (int i = 0; i < 20; i++)
                machine.Vm.SaveSnapshot(store, $"more{i}", replaces: true);
        });
        Assert.Contains("No space left on device", failure.Message, StringComparison.Ordinal);
        Assert.Equal(first, store.List()[0]);
        Assert.Equal(store.List().Count, Directory.GetFiles(Path.GetDirectoryName(store.PathOf(first))!, "*.vmstate*").Length);
        machine.Vm.LoadSnapshot(store, "first");
        Drill.AssertRunsOn(machine);
        machine.AssertSound();
    }

    [Fact]
    public void Store_ProcessEndedInBetween_StraysGoWithTheNextSave()
    {
        var store = new SnapshotStore("s", StorePath);
        store.Save("a", TimeSpan.FromSeconds(3661), Write("aaa"));
        File.WriteAllText(Path.Combine(StorePath, "2.vmstate"), "a stream that never came into the list");
        File.WriteAllText(Path.Combine(StorePath, "3.vmstate.partial"), "half a stream");
        Assert.Throws<IOException>(() => store.Save("b", default, static _ => throw new IOException("no")));
        store.Save("b", default, Write("bb"));
        store.Save("a", default, Write("new"));
        Assert.Equal([("b", 2), ("a", 3)], new SnapshotStore("s", StorePath).List().Select(static s => (s.Tag, s.Id)));
        Assert.Equal(["2.vmstate", "3.vmstate"], Directory.GetFiles(StorePath, "*.vmstate*").Select(Path.GetFileName).Order());
        store.Delete("b");
        store.Delete("never");
        Assert.Equal("new", File.ReadAllText(store.PathOf(Assert.Single(store.List()))));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("""{"format":"godwit-snapshots","version":2,"snapshots":[]}""")]
    [InlineData("""{"format":"godwit-snapshots","version":1,"snapshots":[{"id":0,"tag":"a","date":"2026-01-01T00:00:00Z","vm-clock-nsec":0,"vm-state-size":1}]}""")]
    [InlineData("""{"format":"godwit-snapshots","version":1,"snapshots":[{"id":1,"tag":5,"date":"x","vm-clock-nsec":0,"vm-state-size":1}]}""")]
    public void Store_ListIsDamaged_IsRefusedByName(string text)
    {
        Directory.CreateDirectory(StorePath);
        File.WriteAllText(Path.Combine(StorePath, "snapshots.json"), text);
        VmRefusedException refusal = Assert.Throws<VmRefusedException>(() => new SnapshotStore("s", StorePath));
        Assert.Contains("snapshots.json is not a list of snapshots", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Store_AnotherIsAtWork_IsRefused()
    {
        var store = new SnapshotStore("s", StorePath);
        store.Save("a", default, channel =>
        {
            Assert.Contains(
                "Failed to get the lock", Assert.Throws<VmRefusedException>(() => new SnapshotStore("t", StorePath).Delete("a")).Message, StringComparison.Ordinal);
            channel.FinishWriting();
        });
        Assert.Single(store.List());
    }

    public void Dispose() => _directory.Dispose();

    private static Action<Channel> Write(string text) => channel =>
    {
        channel.Write(System.Text.Encoding.UTF8.GetBytes(text));
        channel.FinishWriting();
    };

    private TestMachine Start(out SnapshotStore store, bool startsStopped = false, string? path = null)
    {
        SnapshotStore made = store = new SnapshotStore("s", path ?? StorePath);
        var machine = new TestMachine(startsStopped: startsStopped, change: options => options with { SnapshotStores = [made] });
        machine.Vm.Start();
        return machine;
    }
}
