using Godwit.Wire;

namespace Godwit.VmState;

/// <summary>Callbacks of an entry that writes and reads its state by hand instead of by a description.</summary>
/// <remarks>
/// An entry is iterative when <see cref="HasSetup"/> is true: it appears as START, PARTs and END.
/// Otherwise it has <see cref="HasSaveState"/> and appears as one FULL section with an opaque body.
/// Any callback may throw a <see cref="MigrationException"/>, which ends the migration.
/// "Lock" is the VM's big lock. docs/formats/vmstate.md, "Entries with hand-written handlers".
/// </remarks>
public interface ISaveVmHandlers
{
    /// <summary>The entry writes a FULL section with <see cref="SaveState"/>.</summary>
    bool HasSaveState => false;

    /// <summary>The entry is iterative and writes a START section.</summary>
    bool HasSetup => false;

    /// <summary>The entry writes PART sections.</summary>
    bool HasIterate => false;

    /// <summary>The entry writes an END section.</summary>
    bool HasComplete => false;

    /// <summary>The entry writes a PART just before the switch to postcopy.</summary>
    bool HasPostcopyPrepare => false;

    /// <summary>The entry may go on sending after the switch to postcopy.</summary>
    bool HasPostcopy => false;

    /// <summary>The entry sends final data over multifd in a thread of its own at the switchover.</summary>
    bool HasCompletePrecopyThread => false;

    /// <summary>False: the entry writes no section at all.</summary>
    bool IsActive => true;

    /// <summary>False: the entry writes no PART now.</summary>
    bool IsActiveIterate => true;

    /// <summary>Destination, before load: the entry wants to approve the switchover (8.1 to 10.x).</summary>
    bool IsSwitchoverAckNeeded => false;

    /// <summary>Early veto on the source, before anything is sent; under the lock.</summary>
    void SavePrepare()
    {
    }

    /// <summary>Body of the FULL section; at completion, under the lock.</summary>
    void SaveState(MigrationWriter writer) => throw new VmStateException("the entry has no whole state");

    /// <summary>Body of the START section; the lock is held on entry.</summary>
    void SaveSetup(MigrationWriter writer)
    {
    }

    /// <summary>Body of one PART section; outside the lock. True when nothing is left to send.</summary>
    bool SaveLiveIterate(MigrationWriter writer) => true;

    /// <summary>
    /// Background snapshot, after setup, with the guest stopped: from now on the entry sends what was there at this instant, although the guest runs on.
    /// What it returns ends that; disposed of by any thread, without the lock.
    /// </summary>
    IDisposable? BeginSnapshot() => null;

    /// <summary>What is pending: an estimate, or exact when the end is near; <paramref name="final"/> once after the stop, under the lock.</summary>
    PendingBytes QueryPending(bool exact, bool final) => default;

    /// <summary>Body of the PART just before the switch to postcopy; outside the lock.</summary>
    void SavePostcopyPrepare(MigrationWriter writer)
    {
    }

    /// <summary>Body of the END section: with the guest stopped in precopy, at the very end in postcopy.</summary>
    void SaveComplete(MigrationWriter writer)
    {
    }

    /// <summary>Sends final data over multifd; runs in a thread of its own at the switchover.</summary>
    void SaveCompletePrecopyThread(CancellationToken cancellationToken)
    {
    }

    /// <summary>Frees what setup made; may come without setup; under the lock.</summary>
    void SaveCleanup()
    {
    }

    /// <summary>Destination, before the first section.</summary>
    void LoadSetup()
    {
    }

    /// <summary>Destination, at the end; under the lock.</summary>
    void LoadCleanup()
    {
    }

    /// <summary>Reads the body of a START, PART, END or FULL section.</summary>
    void LoadState(MigrationReader reader, uint version, SectionType type);

    /// <summary>Reads device data that came by multifd; outside the lock.</summary>
    void LoadStateBuffer(ReadOnlySpan<byte> data) => throw new VmStateException("the entry takes no data from multifd channels");

    /// <summary>Destination, when the SWITCHOVER_START command arrives; under the lock.</summary>
    void SwitchoverStart()
    {
    }

    /// <summary>Source, in a postcopy recovery; outside the lock.</summary>
    void ResumePrepare()
    {
    }
}
