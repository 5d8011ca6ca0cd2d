namespace Godwit.Memory;

/// <content>Logging of dirty pages: when it is on, and the calls that go to the dirty logs.</content>
public sealed partial class MemorySystem
{
    private GlobalDirtyTracking _globalTracking;
    private GlobalDirtyTracking _postponedStop;
    private bool _isVmRunning = true;

    /// <summary>Why dirty pages of the whole guest are logged just now.</summary>
    public GlobalDirtyTracking GlobalTracking => _globalTracking;

    /// <summary>
    /// Whether the VM runs. While it does not, the end of logging is put off until it does: a source that is resumed after a failed migration
    /// pays for it then, and one that is thrown away never does. Set under the big lock; initially true.
    /// </summary>
    public bool IsVmRunning
    {
        get => Volatile.Read(ref _isVmRunning);
        set
        {
            BigLock.AssertHeld();
            Volatile.Write(ref _isVmRunning, value);
            if (value)
                RunPostponedStop();
        }
    }

    /// <summary>Logs dirty pages of the whole guest for a reason; the big lock is held.</summary>
    /// <param name="reason">One flag.</param>
    /// <param name="error">Why a dirty log could not start; those that had started were stopped again.</param>
    public bool TryStartGlobalLogging(GlobalDirtyTracking reason, out string? error)
    {
        AssertTopologyMayChange();
        error = null;
        _postponedStop &= ~reason;
        RunPostponedStop();
        if ((_globalTracking & reason) == reason)
            return true;
        var wasOff = _globalTracking == GlobalDirtyTracking.None;
        _globalTracking |= reason;
        if (!wasOff)
            return true;
        for (var i = 0; i < _listeners.Length; i++)
        {
            if (_listeners[i].Listener.LogGlobalStart(out error))
                continue;
            error ??= "a dirty log could not start";
            while (--i >= 0)
                _listeners[i].Listener.LogGlobalStop();
            _globalTracking &= ~reason;
            return false;
        }
        SetGlobalMasks(enabled: true);
        return true;
    }

    /// <summary>Logs dirty pages of the whole guest for a reason; the big lock is held.</summary>
    /// <exception cref="InvalidOperationException">A dirty log could not start.</exception>
    public void StartGlobalLogging(GlobalDirtyTracking reason)
    {
        if (!TryStartGlobalLogging(reason, out var error))
            throw new InvalidOperationException($"Dirty logging could not start: {error}");
    }

    /// <summary>Ends a reason for logging, now or, if the VM stands still, when it runs again; the big lock is held.</summary>
    public void StopGlobalLogging(GlobalDirtyTracking reason)
    {
        AssertTopologyMayChange();
        if (!IsVmRunning)
            _postponedStop |= reason & _globalTracking;
        else
            StopNow(reason);
    }

    /// <summary>Has all dirty logs bring their bits to <see cref="Dirty"/>.</summary>
    /// <param name="lastStage">No vCPU runs any more, and none will before the bits were used.</param>
    public void SyncDirtyLog(bool lastStage) => Sync(null, lastStage);

    /// <summary>Has the dirty logs bring the bits of one region to <see cref="Dirty"/>; those that can only do so for all of memory do that.</summary>
    public void SyncDirtyLog(MemoryRegion region)
    {
        ArgumentNullException.ThrowIfNull(region);
        Sync(region, lastStage: false);
    }

    /// <summary>Has the dirty logs protect a part of a block again, wherever it shows; before its pages are read.</summary>
    public void ClearDirtyLog(RamBlock block, RamOffset offset, ulong lengthBytes)
    {
        ArgumentNullException.ThrowIfNull(block);
        foreach (var (listener, addressSpace) in Volatile.Read(ref _listeners))
        {
            var view = addressSpace.CurrentView;
            foreach (var range in view.Ranges)
            {
                if (range.DirtyLogMask == DirtyClientMask.None || !ReferenceEquals(range.Region.RamBlock, block))
                    continue;
                var from = Int128.Max(offset.Value, range.OffsetInRegion);
                var to = Int128.Min((Int128)offset.Value + lengthBytes, range.OffsetInRegion + range.Size);
                if (from >= to)
                    continue;
                var start = range.Start.Add((ulong)(from - range.OffsetInRegion));
                listener.LogClear(new MemorySection(addressSpace, view, range, (ulong)from, start, to - from));
            }
        }
    }

    /// <summary>Tells the dirty logs that the bits they brought have been used.</summary>
    public void AfterSync()
    {
        foreach (var (listener, _) in Volatile.Read(ref _listeners))
            listener.LogGlobalAfterSync();
    }

    /// <summary>What a display does once per frame: bring a region's bits, take those of a range, protect the range again.</summary>
    /// <exception cref="ArgumentException">The region has no RAM block.</exception>
    public DirtySnapshot SnapshotAndClearDirty(MemoryRegion region, RamOffset offset, ulong lengthBytes, DirtyClient client)
    {
        ArgumentNullException.ThrowIfNull(region);
        var block = region.RamBlock ?? throw new ArgumentException($"Region '{region.Name}' has no RAM block.", nameof(region));
        SyncDirtyLog(region);
        var snapshot = Dirty.SnapshotAndClear(block.ToRamAddress(offset), lengthBytes, client);
        AfterSync();
        return snapshot;
    }

    private void Sync(MemoryRegion? region, bool lastStage)
    {
        foreach (var (listener, addressSpace) in Volatile.Read(ref _listeners))
        {
            if (listener.SyncsGlobally)
            {
                listener.LogSyncGlobal(lastStage);
                continue;
            }
            var view = addressSpace.CurrentView;
            foreach (var range in view.Ranges)
            {
                if (range.DirtyLogMask != DirtyClientMask.None && (region is null || ReferenceEquals(range.Region, region)))
                    listener.LogSync(new MemorySection(addressSpace, view, range));
            }
        }
    }

    // A range of the linear RAM space may span blocks: each takes its part.
    private void ClearRange(RamAddress start, ulong lengthBytes)
    {
        foreach (var block in Ram.Blocks)
        {
            var from = Int128.Max(start.Value, block.Offset.Value);
            var to = Int128.Min((Int128)start.Value + lengthBytes, (Int128)block.Offset.Value + block.MaxLengthBytes);
            if (from < to)
                ClearDirtyLog(block, new RamOffset((ulong)(from - block.Offset.Value)), (ulong)(to - from));
        }
    }

    private void RunPostponedStop()
    {
        var reasons = _postponedStop;
        _postponedStop = GlobalDirtyTracking.None;
        if (reasons != GlobalDirtyTracking.None)
            StopNow(reasons);
    }

    private void StopNow(GlobalDirtyTracking reasons)
    {
        if ((_globalTracking & reasons) == GlobalDirtyTracking.None)
            return;
        _globalTracking &= ~reasons;
        if (_globalTracking != GlobalDirtyTracking.None)
            return;
        SetGlobalMasks(enabled: false);
        for (var i = _listeners.Length - 1; i >= 0; i--)
            _listeners[i].Listener.LogGlobalStop();
    }

    private void SetGlobalMasks(bool enabled)
    {
        using var transaction = BeginTransaction();
        Dirty.GlobalTrackingEnabled = enabled;
        NoteChange(isVisible: true);
    }
}
