namespace Godwit.Migration;

/// <summary>Control-plane names of <see cref="MigrationStatus"/> and what follows from a state.</summary>
public static class MigrationStatusNames
{
    /// <summary>The name QMP uses, for instance <c>pre-switchover</c>.</summary>
    public static string ToQapiName(this MigrationStatus status) => status switch
    {
        MigrationStatus.None => "none",
        MigrationStatus.Setup => "setup",
        MigrationStatus.Cancelling => "cancelling",
        MigrationStatus.Cancelled => "cancelled",
        MigrationStatus.Active => "active",
        MigrationStatus.PostcopyDevice => "postcopy-device",
        MigrationStatus.PostcopyActive => "postcopy-active",
        MigrationStatus.PostcopyPaused => "postcopy-paused",
        MigrationStatus.PostcopyRecoverSetup => "postcopy-recover-setup",
        MigrationStatus.PostcopyRecover => "postcopy-recover",
        MigrationStatus.Completed => "completed",
        MigrationStatus.Failing => "failing",
        MigrationStatus.Failed => "failed",
        MigrationStatus.Colo => "colo",
        MigrationStatus.PreSwitchover => "pre-switchover",
        MigrationStatus.Device => "device",
        MigrationStatus.WaitUnplug => "wait-unplug",
        _ => throw new ArgumentOutOfRangeException(nameof(status), status, "not a migration status"),
    };

    /// <summary>Finds the status with a QMP name; false when there is none.</summary>
    public static bool TryParse(string name, out MigrationStatus status)
    {
        foreach (var candidate in Enum.GetValues<MigrationStatus>())
        {
            if (string.Equals(candidate.ToQapiName(), name, StringComparison.Ordinal))
            {
                status = candidate;
                return true;
            }
        }

        status = MigrationStatus.None;
        return false;
    }

    /// <summary>True from acceptance to the end: a second migration is refused while this holds.</summary>
    public static bool IsRunning(this MigrationStatus status) => status is not
        (MigrationStatus.None or MigrationStatus.Completed or MigrationStatus.Failed or MigrationStatus.Cancelled);

    /// <summary>True in the states a cancel can no longer undo.</summary>
    public static bool IsPostcopy(this MigrationStatus status) => status is MigrationStatus.PostcopyDevice
        or MigrationStatus.PostcopyActive or MigrationStatus.PostcopyPaused
        or MigrationStatus.PostcopyRecoverSetup or MigrationStatus.PostcopyRecover;
}
