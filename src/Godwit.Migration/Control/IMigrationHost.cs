using Godwit.Memory;
using Godwit.VmState;
using Godwit.Wire;

namespace Godwit.Migration;

/// <summary>The virtual machine as a migration sees it.</summary>
/// <remarks>
/// Methods are called from migration threads, never with the big lock held. They may wait for vCPUs.
/// Whoever implements it refuses to start the guest while the run state is <see cref="RunState.FinishMigrate"/> or
/// <see cref="RunState.InMigrate"/>.
/// </remarks>
public interface IMigrationHost : IRunningGuest
{
    /// <summary>The machine's lock for device state.</summary>
    BigLock BigLock { get; }

    /// <summary>The machine's RAM blocks.</summary>
    RamList Ram { get; }

    /// <summary>Who has state, in which order.</summary>
    VmStateRegistry Registry { get; }

    /// <summary>The machine's <c>globalstate</c> section, registered last in <see cref="Registry"/>.</summary>
    GlobalState GlobalState { get; }

    /// <summary>The concrete machine type, for instance <c>virt</c>.</summary>
    string MachineName { get; }

    /// <summary>The release that the guest was last loaded from; null when it was started here.</summary>
    PeerProfile? Origin => null;

    /// <summary>What to change on the source's command line so that a refused stream would fit; null when nothing is known.</summary>
    string? Advise(StreamFormatException refusal) => null;

    /// <summary>The UUID the user gave, if any.</summary>
    Guid? Uuid { get; }

    /// <summary>What the machine is doing now.</summary>
    RunState RunState { get; }

    /// <summary>Destination: start the guest after the load. False with <c>-S</c> or after <c>stop</c>, true after <c>cont</c>.</summary>
    bool StartsAutomatically { get; }

    /// <summary>Source, with the guest running, soon before <see cref="StopForMigration"/>: does what would hold that up, such as writing back to disks.</summary>
    void PrepareToStop()
    {
    }

    /// <summary>
    /// Source: gets all vCPUs out of guest code, stops the clock, quiesces devices and enters <see cref="RunState.FinishMigrate"/>.
    /// Returns the run state before; a guest that was not running stays as it was, without an event.
    /// </summary>
    RunState StopForMigration();

    /// <summary>Source, after a failure or a cancel: back to the run state before; runs the guest if it was running then.</summary>
    void ResumeAfterMigration(RunState before);

    /// <summary>Enters a stopped run state.</summary>
    void SetRunState(RunState state);

    /// <summary>Destination: runs the guest.</summary>
    void StartGuest();
}
