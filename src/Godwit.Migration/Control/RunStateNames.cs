namespace Godwit.Migration;

/// <summary>Names of <see cref="RunState"/> on the control plane and in the stream's <c>globalstate</c> section.</summary>
public static class RunStateNames
{
    /// <summary>The name used by QMP and by the stream, for instance <c>finish-migrate</c>.</summary>
    public static string ToQapiName(this RunState state) => state switch
    {
        RunState.Debug => "debug",
        RunState.InMigrate => "inmigrate",
        RunState.InternalError => "internal-error",
        RunState.IoError => "io-error",
        RunState.Paused => "paused",
        RunState.PostMigrate => "postmigrate",
        RunState.Prelaunch => "prelaunch",
        RunState.FinishMigrate => "finish-migrate",
        RunState.RestoreVm => "restore-vm",
        RunState.Running => "running",
        RunState.SaveVm => "save-vm",
        RunState.Shutdown => "shutdown",
        RunState.Suspended => "suspended",
        RunState.Watchdog => "watchdog",
        RunState.GuestPanicked => "guest-panicked",
        RunState.Colo => "colo",
        _ => throw new ArgumentOutOfRangeException(nameof(state), state, "not a run state"),
    };

    /// <summary>Finds the run state with a name; false when there is none.</summary>
    public static bool TryParse(string name, out RunState state)
    {
        foreach (var candidate in Enum.GetValues<RunState>())
        {
            if (string.Equals(candidate.ToQapiName(), name, StringComparison.Ordinal))
            {
                state = candidate;
                return true;
            }
        }

        state = RunState.Debug;
        return false;
    }
}
