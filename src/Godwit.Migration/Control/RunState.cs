namespace Godwit.Migration;

/// <summary>What a virtual machine is doing. Names on the control plane and in <c>globalstate</c>: <see cref="RunStateNames"/>.</summary>
public enum RunState
{
    /// <summary>Stopped by a debugger.</summary>
    Debug = 0,

    /// <summary>Waiting for, or loading, an incoming migration.</summary>
    InMigrate,

    /// <summary>Stopped by an error inside the machine.</summary>
    InternalError,

    /// <summary>Stopped by an I/O error.</summary>
    IoError,

    /// <summary>Stopped by the user.</summary>
    Paused,

    /// <summary>Stopped because it was migrated away; the destination owns the guest.</summary>
    PostMigrate,

    /// <summary>Created and never started.</summary>
    Prelaunch,

    /// <summary>Stopped for the last part of a migration, or because a hand-over was left undecided.</summary>
    FinishMigrate,

    /// <summary>Being restored from a snapshot.</summary>
    RestoreVm,

    /// <summary>Running.</summary>
    Running,

    /// <summary>Stopped while a snapshot is saved.</summary>
    SaveVm,

    /// <summary>The guest powered itself off.</summary>
    Shutdown,

    /// <summary>The guest sleeps.</summary>
    Suspended,

    /// <summary>The watchdog fired.</summary>
    Watchdog,

    /// <summary>The guest reported a panic.</summary>
    GuestPanicked,

    /// <summary>Between two checkpoints.</summary>
    Colo,
}
