namespace Godwit.Migration;

/// <summary>The capabilities of the control plane, in the order the peer's table lists them.</summary>
/// <remarks>The order is visible: replies and the <c>configuration/capabilities</c> subsection follow it.</remarks>
public enum MigrationCapability
{
    /// <summary>Send differences of cached pages.</summary>
    Xbzrle = 0,

    /// <summary>RDMA: pin all memory first.</summary>
    RdmaPinAll,

    /// <summary>Throttle vCPUs when the migration does not converge.</summary>
    AutoConverge,

    /// <summary>Dead option of the old block migration.</summary>
    ZeroBlocks,

    /// <summary>Emit MIGRATION and MIGRATION_PASS events.</summary>
    Events,

    /// <summary>Allow the switch to postcopy.</summary>
    PostcopyRam,

    /// <summary>Continuous checkpoints.</summary>
    XColo,

    /// <summary>Free memory at the source as it is sent in postcopy.</summary>
    ReleaseRam,

    /// <summary>Open the channel from destination to source in precopy too.</summary>
    ReturnPath,

    /// <summary>Wait in pre-switchover for migrate-continue.</summary>
    PauseBeforeSwitchover,

    /// <summary>Several data channels.</summary>
    MultiFd,

    /// <summary>Migrate block dirty bitmaps.</summary>
    DirtyBitmaps,

    /// <summary>Measure how long vCPUs were blocked in postcopy.</summary>
    PostcopyBlocktime,

    /// <summary>Historic, without effect.</summary>
    LateBlockActivate,

    /// <summary>Skip shared memory blocks.</summary>
    XIgnoreShared,

    /// <summary>Compare the machine's UUID.</summary>
    ValidateUuid,

    /// <summary>Snapshot of the memory as it was at the start.</summary>
    BackgroundSnapshot,

    /// <summary>Multifd without copying in the kernel.</summary>
    ZeroCopySend,

    /// <summary>A channel of its own for urgent pages.</summary>
    PostcopyPreempt,

    /// <summary>The source waits for the destination's acknowledgement before switching over.</summary>
    SwitchoverAck,

    /// <summary>Limit dirtying per vCPU instead of throttling.</summary>
    DirtyLimit,

    /// <summary>Fixed page offsets in a file.</summary>
    MappedRam,
}
