namespace Godwit.Memory.Tests;

public sealed class MemoryListenerTests
{
    private readonly List<string> _log = [];

    [Fact]
    public void Commit_SeveralChanges_DeletesComeBeforeAddsAndBothInAddressOrder()
    {
        using var system = new MemorySystem();
        using var held = system.BigLock.Enter();
        var (root, a, b) = TwoDevices(system);
        var space = system.CreateAddressSpace("memory", root);
        space.RegisterListener(Recorder("l"));
        _log.Clear();

        using (system.BeginTransaction())
        {
            a.SetOffset(0x3000);
            b.SetEnabled(false);
            root.AddSubregion(MemoryRegion.CreateIo(system, "c", 0x1000, new NullDevice()), 0x5000);
            Assert.Empty(_log);
        }

        AssertLog("l: begin", "l: del 0+1000 a@0", "l: del 1000+1000 b@0", "l: add 3000+1000 a@0", "l: add 5000+1000 c@0", "l: commit");
    }

    [Fact]
    public void Commit_NestedTransactions_OnlyTheOutermostActs()
    {
        using var system = new MemorySystem();
        using var held = system.BigLock.Enter();
        var (root, a, _) = TwoDevices(system);
        var space = system.CreateAddressSpace("memory", root);
        space.RegisterListener(Recorder("l"));
        _log.Clear();
        using (system.BeginTransaction())
        {
            using (system.BeginTransaction())
                a.SetEnabled(false);
            Assert.Empty(_log);
            Assert.Equal(2, space.CurrentView.Ranges.Length);
        }
        AssertLog("l: begin", "l: del 0+1000 a@0", "l: nop 1000+1000 b@0", "l: commit");
        Assert.Single(space.CurrentView.Ranges);
    }

    [Fact]
    public void Commit_NothingVisibleChanged_NobodyIsTold()
    {
        using var system = new MemorySystem();
        using var held = system.BigLock.Enter();
        var (root, a, b) = TwoDevices(system);
        var space = system.CreateAddressSpace("memory", root);
        a.SetEnabled(false);
        space.RegisterListener(Recorder("l"));
        _log.Clear();
        a.SetOffset(0x4000);
        b.SetOffset(b.Offset);
        using (system.BeginTransaction())
        {
        }
        Assert.Empty(_log);
    }

    [Fact]
    public void Commit_SeveralListeners_AddAscendingDeleteDescendingTiesByRegistration()
    {
        using var system = new MemorySystem();
        using var held = system.BigLock.Enter();
        var (root, a, b) = TwoDevices(system);
        b.SetEnabled(false);
        var space = system.CreateAddressSpace("memory", root);
        space.RegisterListener(Recorder("high", 10));
        space.RegisterListener(Recorder("low1"));
        space.RegisterListener(Recorder("low2"));
        _log.Clear();
        a.SetOffset(0x3000);
        AssertLog(
            "low1: begin",
            "low2: begin",
            "high: begin",
            "high: del 0+1000 a@0",
            "low2: del 0+1000 a@0",
            "low1: del 0+1000 a@0",
            "low1: add 3000+1000 a@0",
            "low2: add 3000+1000 a@0",
            "high: add 3000+1000 a@0",
            "low1: commit",
            "low2: commit",
            "high: commit");
    }

    [Fact]
    public void Commit_TwoAddressSpaces_BeginAndCommitSpanBothAndListenersHearOnlyTheirOwn()
    {
        using var system = new MemorySystem();
        using var held = system.BigLock.Enter();
        var (root, a, b) = TwoDevices(system);
        b.SetEnabled(false);
        var other = MemoryRegion.CreateContainer(system, "other", 0x10000);
        var first = system.CreateAddressSpace("first", root);
        var second = system.CreateAddressSpace("second", other);
        second.RegisterListener(Recorder("s"));
        first.RegisterListener(Recorder("f"));
        _log.Clear();
        a.SetEnabled(false);
        AssertLog("s: begin", "f: begin", "f: del 0+1000 a@0", "s: commit", "f: commit");
    }

    [Fact]
    public void Commit_DuringCallbacks_OldViewIsStillPublished()
    {
        using var system = new MemorySystem();
        using var held = system.BigLock.Enter();
        var (root, a, _) = TwoDevices(system);
        var space = system.CreateAddressSpace("memory", root);
        var probe = new ViewProbe(space);
        space.RegisterListener(probe);
        probe.Seen.Clear();
        var old = space.CurrentView;
        a.SetOffset(0x7000);
        Assert.Equal([old, old], probe.Seen.Take(2));
        Assert.Same(space.CurrentView, probe.AtCommit);
        Assert.NotSame(old, probe.AtCommit);
    }

    [Fact]
    public void Callback_ChangesTopology_Refused()
    {
        using var system = new MemorySystem();
        using var held = system.BigLock.Enter();
        var (root, a, b) = TwoDevices(system);
        var space = system.CreateAddressSpace("memory", root);
        space.RegisterListener(new Meddler(b));
        Assert.Throws<InvalidOperationException>(() => a.SetEnabled(false));
    }

    [Fact]
    public void Change_WithoutTheBigLock_Refused()
    {
        using var system = new MemorySystem();
        MemoryRegion root;
        using (system.BigLock.Enter())
            (root, _, _) = TwoDevices(system);
        Assert.Throws<InvalidOperationException>(() => root.SetEnabled(false));
        Assert.Throws<InvalidOperationException>(() => { using var transaction = system.BeginTransaction(); });
        Assert.True(root.IsEnabled);
    }

    [Fact]
    public void RegisterListener_LiveSpaceWhileLogging_ToldEverythingInOrder()
    {
        using var system = new MemorySystem();
        using var held = system.BigLock.Enter();
        var (space, _) = RamAndDevice(system);
        system.StartGlobalLogging(GlobalDirtyTracking.Migration);
        var listener = Recorder("l");
        space.RegisterListener(listener);
        AssertLog("l: begin", "l: globalstart", "l: add 0+4000 ram@0", "l: start 0+4000 ram@0 0->4", "l: add 8000+1000 dev@0", "l: commit");
        _log.Clear();
        space.UnregisterListener(listener);
        AssertLog("l: begin", "l: stop 0+4000 ram@0 4->0", "l: del 0+4000 ram@0", "l: del 8000+1000 dev@0", "l: commit");
        _log.Clear();
        system.StopGlobalLogging(GlobalDirtyTracking.Migration);
        Assert.Empty(_log);
        Assert.Throws<InvalidOperationException>(() => space.UnregisterListener(listener));
    }

    [Fact]
    public void RegisterListener_LoggingCannotStart_LeavesNothingBehind()
    {
        using var system = new MemorySystem();
        using var held = system.BigLock.Enter();
        var (space, ram) = RamAndDevice(system);
        system.StartGlobalLogging(GlobalDirtyTracking.Migration);
        var listener = Recorder("l");
        listener.StartError = "no rings";
        Assert.Throws<InvalidOperationException>(() => space.RegisterListener(listener));
        _log.Clear();
        ram.SetDisplayLogging(true);
        Assert.Empty(_log);

        listener.StartError = null;
        space.RegisterListener(listener);
        AssertLog("l: begin", "l: globalstart", "l: add 0+4000 ram@0", "l: start 0+4000 ram@0 0->5", "l: add 8000+1000 dev@0", "l: commit");
    }

    [Fact]
    public void StartGlobalLogging_Started_StartsListenersThenRaisesMasksAndStopUndoesItInReverse()
    {
        using var system = new MemorySystem();
        using var held = system.BigLock.Enter();
        var (space, ram) = RamAndDevice(system);
        space.RegisterListener(Recorder("b", 10));
        space.RegisterListener(Recorder("a"));
        _log.Clear();
        system.StartGlobalLogging(GlobalDirtyTracking.Migration);
        AssertLog(
            "a: globalstart",
            "b: globalstart",
            "a: begin",
            "b: begin",
            "a: nop 0+4000 ram@0",
            "b: nop 0+4000 ram@0",
            "a: start 0+4000 ram@0 0->4",
            "b: start 0+4000 ram@0 0->4",
            "a: nop 8000+1000 dev@0",
            "b: nop 8000+1000 dev@0",
            "a: commit",
            "b: commit");
        Assert.True(system.Dirty.GlobalTrackingEnabled);
        Assert.Equal(DirtyClientMask.Migration, ram.DirtyLogMask);

        _log.Clear();
        system.StartGlobalLogging(GlobalDirtyTracking.DirtyRate);
        system.StopGlobalLogging(GlobalDirtyTracking.Migration);
        Assert.Empty(_log);
        system.StopGlobalLogging(GlobalDirtyTracking.DirtyRate);
        AssertLog(
            "a: begin",
            "b: begin",
            "a: nop 0+4000 ram@0",
            "b: nop 0+4000 ram@0",
            "b: stop 0+4000 ram@0 4->0",
            "a: stop 0+4000 ram@0 4->0",
            "a: nop 8000+1000 dev@0",
            "b: nop 8000+1000 dev@0",
            "a: commit",
            "b: commit",
            "b: globalstop",
            "a: globalstop");
        Assert.False(system.Dirty.GlobalTrackingEnabled);
    }

    [Fact]
    public void StartGlobalLogging_OneListenerFails_TheStartedOnesAreStoppedInReverse()
    {
        using var system = new MemorySystem();
        using var held = system.BigLock.Enter();
        var (space, ram) = RamAndDevice(system);
        space.RegisterListener(Recorder("a"));
        space.RegisterListener(Recorder("b", 5));
        var failing = Recorder("c", 7);
        failing.StartError = "no rings";
        space.RegisterListener(failing);
        space.RegisterListener(Recorder("d", 10));
        _log.Clear();
        Assert.False(system.TryStartGlobalLogging(GlobalDirtyTracking.Migration, out var error));
        Assert.Equal("no rings", error);
        AssertLog("a: globalstart", "b: globalstart", "c: globalstart", "b: globalstop", "a: globalstop");
        Assert.Equal(GlobalDirtyTracking.None, system.GlobalTracking);
        Assert.Equal(DirtyClientMask.None, ram.DirtyLogMask);

        failing.StartError = null;
        system.StartGlobalLogging(GlobalDirtyTracking.Migration);
        Assert.Equal(DirtyClientMask.Migration, ram.DirtyLogMask);
    }

    [Fact]
    public void StopGlobalLogging_VmStandsStill_PutOffUntilItRuns()
    {
        using var system = new MemorySystem();
        using var held = system.BigLock.Enter();
        var (space, _) = RamAndDevice(system);
        space.RegisterListener(Recorder("l"));
        system.StartGlobalLogging(GlobalDirtyTracking.Migration);
        system.IsVmRunning = false;
        _log.Clear();
        system.StopGlobalLogging(GlobalDirtyTracking.Migration);
        Assert.Empty(_log);
        Assert.Equal(GlobalDirtyTracking.Migration, system.GlobalTracking);
        system.IsVmRunning = true;
        Assert.Equal("l: globalstop", _log[^1]);
        Assert.Equal(GlobalDirtyTracking.None, system.GlobalTracking);
    }

    [Fact]
    public void StartGlobalLogging_SameReasonStopWasPutOff_LoggingJustGoesOn()
    {
        using var system = new MemorySystem();
        using var held = system.BigLock.Enter();
        var (space, _) = RamAndDevice(system);
        space.RegisterListener(Recorder("l"));
        system.StartGlobalLogging(GlobalDirtyTracking.Migration);
        system.StartGlobalLogging(GlobalDirtyTracking.DirtyRate);
        system.IsVmRunning = false;
        system.StopGlobalLogging(GlobalDirtyTracking.Migration);
        system.StopGlobalLogging(GlobalDirtyTracking.DirtyRate);
        _log.Clear();
        system.StartGlobalLogging(GlobalDirtyTracking.Migration);
        Assert.Empty(_log);
        Assert.Equal(GlobalDirtyTracking.Migration, system.GlobalTracking);
        system.IsVmRunning = true;
        Assert.Equal(GlobalDirtyTracking.Migration, system.GlobalTracking);
    }

    [Fact]
    public void StartGlobalLogging_BlockNotMigratable_NotLogged()
    {
        using var system = new MemorySystem();
        using var held = system.BigLock.Enter();
        var region = MemoryRegion.CreateRam(system, "scratch", 0x1000, new RamBlockOptions { IsMigratable = false });
        system.StartGlobalLogging(GlobalDirtyTracking.Migration);
        Assert.Equal(DirtyClientMask.None, region.DirtyLogMask);
    }

    [Fact]
    public void SetDisplayLogging_TwoUsers_MaskChangesOnFirstAndLast()
    {
        using var system = new MemorySystem();
        using var held = system.BigLock.Enter();
        var (space, ram) = RamAndDevice(system);
        space.RegisterListener(Recorder("l"));
        _log.Clear();
        ram.SetDisplayLogging(true);
        Assert.Contains("l: start 0+4000 ram@0 0->1", _log, StringComparer.Ordinal);
        _log.Clear();
        ram.SetDisplayLogging(true);
        ram.SetDisplayLogging(false);
        Assert.Empty(_log);
        ram.SetDisplayLogging(false);
        Assert.Contains("l: stop 0+4000 ram@0 1->0", _log, StringComparer.Ordinal);
        Assert.Throws<InvalidOperationException>(() => ram.SetDisplayLogging(false));
    }

    [Fact]
    public void SyncDirtyLog_LoggedRanges_EachListenerInItsWayAscending()
    {
        using var system = new MemorySystem();
        using var held = system.BigLock.Enter();
        var (space, ram) = RamAndDevice(system);
        space.RegisterListener(new RecordingListener("ring", _log, 10) { IsGlobal = true });
        space.RegisterListener(Recorder("slots"));
        system.SyncDirtyLog(lastStage: false);
        Assert.Contains("ring: syncglobal False", _log, StringComparer.Ordinal);
        Assert.DoesNotContain(_log, line => line.StartsWith("slots: sync", StringComparison.Ordinal));
        system.StartGlobalLogging(GlobalDirtyTracking.Migration);
        _log.Clear();
        system.SyncDirtyLog(lastStage: true);
        system.SyncDirtyLog(ram);
        system.AfterSync();
        AssertLog("slots: sync 0+4000 ram@0", "ring: syncglobal True", "slots: sync 0+4000 ram@0", "ring: syncglobal False", "slots: aftersync", "ring: aftersync");
    }

    [Fact]
    public void ClearDirtyLog_RegionShownTwice_ClearedInBothPlacesClippedAndTranslated()
    {
        using var system = new MemorySystem();
        using var held = system.BigLock.Enter();
        var root = MemoryRegion.CreateContainer(system, "root", 0x100000);
        var ram = MemoryRegion.CreateRam(system, "ram", 0x8000);
        root.AddSubregion(ram, 0x10000);
        root.AddSubregion(MemoryRegion.CreateAlias(system, "again", ram, 0x2000, 0x3000), 0x40000);
        var space = system.CreateAddressSpace("memory", root);
        space.RegisterListener(Recorder("l"));
        system.ClearDirtyLog(ram.RamBlock!, new RamOffset(0x1000), 0x2000);
        Assert.DoesNotContain(_log, line => line.Contains("clear", StringComparison.Ordinal));
        system.StartGlobalLogging(GlobalDirtyTracking.Migration);
        _log.Clear();
        system.ClearDirtyLog(ram.RamBlock!, new RamOffset(0x1000), 0x2000);
        AssertLog("l: clear 11000+2000 ram@1000", "l: clear 40000+1000 ram@2000");
        _log.Clear();
        system.ClearDirtyLog(ram.RamBlock!, new RamOffset(0x5000), 0x10000);
        AssertLog("l: clear 15000+3000 ram@5000");
    }

    [Fact]
    public void SnapshotAndClearDirty_Display_SyncsTakesClearsThenSaysSo()
    {
        using var system = new MemorySystem();
        using var held = system.BigLock.Enter();
        var (space, ram) = RamAndDevice(system);
        ram.SetDisplayLogging(true);
        var listener = Recorder("l");
        space.RegisterListener(listener);
        system.Dirty.TestAndClear(ram.RamBlock!.Offset, 0x4000, DirtyClient.Vga);
        listener.OnSync = section => system.Dirty.MergeBitmap(section.RamStart, [0b0100], 4);
        _log.Clear();
        var snapshot = system.SnapshotAndClearDirty(ram, new RamOffset(0x1000), 0x2000, DirtyClient.Vga);
        AssertLog("l: sync 0+4000 ram@0", "l: clear 1000+2000 ram@1000", "l: aftersync");
        Assert.False(snapshot.IsDirty(new RamAddress(0x1000), 0x1000));
        Assert.True(snapshot.IsDirty(new RamAddress(0x1FFF), 2));
        Assert.False(system.Dirty.IsDirty(DirtyClient.Vga, new PageIndex(2)));
        Assert.Equal(64UL, snapshot.PageCount);
    }

    private static (MemoryRegion Root, MemoryRegion A, MemoryRegion B) TwoDevices(MemorySystem system)
    {
        var root = MemoryRegion.CreateContainer(system, "root", 0x10000);
        var a = MemoryRegion.CreateIo(system, "a", 0x1000, new NullDevice());
        var b = MemoryRegion.CreateIo(system, "b", 0x1000, new NullDevice());
        root.AddSubregion(a, 0);
        root.AddSubregion(b, 0x1000);
        return (root, a, b);
    }

    private static (AddressSpace Space, MemoryRegion Ram) RamAndDevice(MemorySystem system)
    {
        var root = MemoryRegion.CreateContainer(system, "root", 0x10000);
        var ram = MemoryRegion.CreateRam(system, "ram", 0x4000);
        root.AddSubregion(ram, 0);
        root.AddSubregion(MemoryRegion.CreateIo(system, "dev", 0x1000, new NullDevice()), 0x8000);
        return (system.CreateAddressSpace("memory", root), ram);
    }

    private RecordingListener Recorder(string name, int priority = 0) => new(name, _log, priority);

    private void AssertLog(params string[] expected) => Assert.Equal(string.Join('\n', expected), string.Join('\n', _log));

    private sealed class ViewProbe(AddressSpace space) : MemoryListener
    {
        public List<FlatView> Seen { get; } = [];

        public FlatView? AtCommit { get; private set; }

        public override void RegionDelete(MemorySection section) => Seen.Add(space.CurrentView);

        public override void RegionAdd(MemorySection section) => Seen.Add(space.CurrentView);

        public override void Commit() => AtCommit = space.CurrentView;
    }

    private sealed class Meddler(MemoryRegion region) : MemoryListener
    {
        public override void RegionDelete(MemorySection section) => region.SetEnabled(false);
    }
}
