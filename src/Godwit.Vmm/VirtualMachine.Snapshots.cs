using Godwit.Machine;
using Godwit.Migration;

namespace Godwit.Vmm;

/// <content>Snapshots of the whole machine in files, by name.</content>
public sealed partial class VirtualMachine
{
    /// <summary>Where snapshots can be saved.</summary>
    public IReadOnlyList<SnapshotStore> SnapshotStores => _options.SnapshotStores;

    /// <summary>Long commands that can be watched.</summary>
    public JobList Jobs { get; }

    /// <summary>Disks that the guest can change: their content is not part of a snapshot. Names of their drives.</summary>
    public IEnumerable<string> WritableDisks =>
        _options.VirtioDevices.OfType<VirtioBlockOptions>().Where(static disk => !disk.Image.IsReadOnly).Select(static disk => disk.DriveId);

    /// <summary>Saves the machine, which stands still meanwhile and then goes on as before.</summary>
    /// <param name="store">Where to.</param>
    /// <param name="tag">Its name.</param>
    /// <param name="replaces">Whether a snapshot of that name is replaced; else it is an error.</param>
    /// <exception cref="VmRefusedException">It cannot be saved now, or the store cannot be written.</exception>
    /// <exception cref="Wire.MigrationException">The stream could not be written; the store is as before.</exception>
    public void SaveSnapshot(SnapshotStore store, string tag, bool replaces)
    {
        ArgumentNullException.ThrowIfNull(store);
        lock (_run)
        {
            CheckSnapshotPossible();
            if (Outgoing.WhyNoSnapshot is { } reason)
                throw new VmRefusedException(reason);
            if (!replaces && store.Find(tag) is not null)
                throw new VmRefusedException($"Snapshot '{tag}' already exists in one or more devices");
            RunState before = HaltFor(RunState.SaveVm);
            try
            {
                if (_guestEnded)
                    throw new VmRefusedException("The guest has powered off");

                // The last instruction asked for a reset, and the guest would not ask again after a load.
                if (_guestWantsReset)
                    ResetHalted(isGuest: true, "guest-reset");
                store.Save(tag, TimeSpan.FromTicks(_clock.NowNanoseconds / 100), channel => Outgoing.SaveSnapshot($"snapshot {tag}", channel, before));
            }
            finally
            {
                GoOn(before);
            }
        }
    }

    /// <summary>Makes the machine what it was when a snapshot was saved; it runs afterwards if it ran before.</summary>
    /// <param name="store">Where it is.</param>
    /// <param name="tag">Its name.</param>
    /// <exception cref="VmRefusedException">There is no such snapshot, or it cannot be loaded now: the machine goes on as before.</exception>
    /// <exception cref="Wire.MigrationException">
    /// The stream is damaged or belongs to another machine: this one stays stopped and has to be reset, or has to load another snapshot.
    /// </exception>
    public void LoadSnapshot(SnapshotStore store, string tag)
    {
        ArgumentNullException.ThrowIfNull(store);
        lock (_run)
        {
            CheckSnapshotPossible();
            if (Outgoing.Status.IsRunning())
                throw new VmRefusedException("There's a migration process in progress");
            SnapshotInfo snapshot = store.Find(tag) ?? throw new VmRefusedException($"Snapshot '{tag}' does not exist in one or more devices");
            RunState before = HaltFor(RunState.RestoreVm);
            bool isBegun = false;
            try
            {
                store.Load(snapshot, channel =>
                {
                    isBegun = true;
                    ResetHardware();
                    Incoming.LoadSnapshot(channel);
                });
            }
            catch when (isBegun)
            {
                // Half of one machine and half of another: nobody may run that.
                _runState.Move(RunState.RestoreVm);
                _runState.Move(RunState.InternalError);
                throw;
            }
            catch
            {
                GoOn(before);
                throw;
            }

            _guestEnded = _guestWantsReset = false;
            _isAsSent = Origin is { } origin && RiscVClint.LosesTimers(origin);
            GoOn(before is RunState.Shutdown or RunState.InternalError or RunState.GuestPanicked or RunState.PostMigrate ? RunState.Paused : before);
        }
    }

    private void CheckSnapshotPossible()
    {
        switch (RunState)
        {
            case RunState.InMigrate:
                throw new VmRefusedException("Guest is waiting for an incoming migration");
            case RunState.FinishMigrate:
                throw new VmRefusedException("There's a migration process in progress");
        }
    }

    /// <summary>A machine that stands still already stays what it is, without an event.</summary>
    private RunState HaltFor(RunState purpose)
    {
        RunState before = RunState;
        if (before == RunState.Running)
        {
            HaltCpus();
            _runState.Move(purpose);
            Emit("STOP");
        }

        return before;
    }

    private void GoOn(RunState state)
    {
        if (state == RunState.Running)
            RunGuest();
        else if (RunState != state)
            _runState.Move(state);
    }
}
