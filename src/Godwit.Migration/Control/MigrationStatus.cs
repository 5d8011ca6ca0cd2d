namespace Godwit.Migration;

/// <summary>State of a migration, on either side. Names on the control plane: <see cref="MigrationStatusNames"/>.</summary>
/// <remarks>Source and destination keep separate states. Edges are listed in <c>docs/migration-states.md</c>.</remarks>
public enum MigrationStatus
{
    /// <summary>Nothing has happened yet.</summary>
    None = 0,

    /// <summary>Accepted; connecting, listening or writing the setup sections.</summary>
    Setup,

    /// <summary>A cancel was accepted, the migration thread has not ended yet.</summary>
    Cancelling,

    /// <summary>Ended by a cancel; the guest goes on at the source.</summary>
    Cancelled,

    /// <summary>Source: rounds while the guest runs. Destination: loading.</summary>
    Active,

    /// <summary>Postcopy device package sent, not yet confirmed.</summary>
    PostcopyDevice,

    /// <summary>The guest runs at the destination, pages still follow.</summary>
    PostcopyActive,

    /// <summary>Postcopy interrupted, both sides keep their memory.</summary>
    PostcopyPaused,

    /// <summary>Reconnecting for a postcopy recovery.</summary>
    PostcopyRecoverSetup,

    /// <summary>Postcopy recovery: exchanging bitmaps.</summary>
    PostcopyRecover,

    /// <summary>Done.</summary>
    Completed,

    /// <summary>An error was found, the clean-up is under way (newer peers only).</summary>
    Failing,

    /// <summary>Ended by an error.</summary>
    Failed,

    /// <summary>Continuous checkpointing.</summary>
    Colo,

    /// <summary>The guest is stopped and the source waits for migrate-continue.</summary>
    PreSwitchover,

    /// <summary>The guest is stopped and the last memory and the devices are being sent.</summary>
    Device,

    /// <summary>Waiting for the guest to give up a failover device.</summary>
    WaitUnplug,
}
