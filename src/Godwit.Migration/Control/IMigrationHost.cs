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
public interface IMigrationHost
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

    /// <summary>Source: what part of their time the vCPUs are kept from running, in percent, 0 to 99; 0 where that is not possible.</summary>
    int CpuThrottlePercentage
    {
        get => 0;
        set { }
    }

    /// <summary>Source: what keeps memory as it is at one instant while the guest runs; null where that is not possible.</summary>
    IWriteProtection? WriteProtection => null;

    /// <summary>Source: the guest's word on which pages it does not use; null where it has no way to say so.</summary>
    IFreePageHints? FreePageHints => null;

    /// <summary>
    /// Source: limits what each vCPU may dirty, measured once in each <paramref name="period"/>. Does nothing where vCPUs have no count of
    /// what they dirty.
    /// </summary>
    void LimitDirtying(ulong mebibytesPerSecond, TimeSpan period)
    {
    }

    /// <summary>Source: takes the limit away.</summary>
    void UnlimitDirtying()
    {
    }

    /// <summary>Destination: runs the guest.</summary>
    void StartGuest();
}
