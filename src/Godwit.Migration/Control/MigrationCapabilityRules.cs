namespace Godwit.Migration;

/// <summary>The combinations of capabilities that are refused, in the order in which they are checked.</summary>
/// <remarks>Texts and order are those of the 10.0 peers; see <c>docs/migration-states.md</c>.</remarks>
public static class MigrationCapabilityRules
{
    private const MigrationCapability Snapshot = MigrationCapability.BackgroundSnapshot;

    private static ReadOnlySpan<MigrationCapability> RefusedWithBackgroundSnapshot =>
    [
        MigrationCapability.PostcopyRam, MigrationCapability.DirtyBitmaps, MigrationCapability.PostcopyBlocktime,
        MigrationCapability.LateBlockActivate, MigrationCapability.ReturnPath, MigrationCapability.MultiFd,
        MigrationCapability.PauseBeforeSwitchover, MigrationCapability.AutoConverge, MigrationCapability.ReleaseRam,
        MigrationCapability.RdmaPinAll, MigrationCapability.Xbzrle, MigrationCapability.XColo,
        MigrationCapability.ValidateUuid, MigrationCapability.ZeroCopySend,
    ];

    /// <summary>Checks a whole set. Returns the refusal, or null when the set is allowed.</summary>
    /// <param name="wanted">The set as it would be.</param>
    /// <param name="current">The set as it is.</param>
    /// <param name="parameters">The parameters in force; compression and TLS exclude zero copy.</param>
    /// <param name="environment">What this machine and process can do.</param>
    public static string? Check(
        MigrationCapabilities wanted, MigrationCapabilities current, MigrationParameters parameters, MigrationEnvironment environment)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        ArgumentNullException.ThrowIfNull(environment);

        if (wanted[MigrationCapability.PostcopyRam])
        {
            if (wanted[MigrationCapability.XIgnoreShared])
                return "Postcopy is not compatible with ignore-shared";
            if (wanted[MigrationCapability.MultiFd])
                return "Postcopy is not yet compatible with multifd";
        }

        if (wanted[Snapshot])
        {
            if (!environment.CanProtectWrites)
                return "Background-snapshot is not supported by host kernel";
            foreach (var other in RefusedWithBackgroundSnapshot)
            {
                if (wanted[other])
                    return $"Background-snapshot is not compatible with {other.ToQapiName()}";
            }
        }

        if (wanted[MigrationCapability.ZeroCopySend]
            && (!wanted[MigrationCapability.MultiFd] || wanted[MigrationCapability.Xbzrle] || parameters.IsCompressedOrEncrypted))
            return "Zero copy only available for non-compressed non-TLS multifd migration";

        if (wanted[MigrationCapability.PostcopyPreempt])
        {
            if (!wanted[MigrationCapability.PostcopyRam])
                return "Postcopy preempt requires postcopy-ram";
            if (environment.IncomingListenerStarted && !current[MigrationCapability.PostcopyPreempt])
                return "Postcopy preempt must be set before incoming starts";
        }

        if (wanted[MigrationCapability.MultiFd] && environment.IncomingListenerStarted && !current[MigrationCapability.MultiFd])
            return "Multifd must be set before incoming starts";
        if (wanted[MigrationCapability.SwitchoverAck] && !wanted[MigrationCapability.ReturnPath])
            return "Capability 'switchover-ack' requires capability 'return-path'";

        if (wanted[MigrationCapability.DirtyLimit])
        {
            if (wanted[MigrationCapability.AutoConverge])
                return "dirty-limit conflicts with auto-converge either of then available currently";
            if (!environment.HasDirtyRing)
                return "dirty-limit requires KVM with accelerator property 'dirty-ring-size' set";
        }

        if (wanted[MigrationCapability.MultiFd] && wanted[MigrationCapability.Xbzrle])
            return "Multifd is not compatible with xbzrle";
        if (wanted[MigrationCapability.MappedRam] && wanted[MigrationCapability.Xbzrle])
            return "Mapped-ram migration is incompatible with xbzrle";
        if (wanted[MigrationCapability.MappedRam] && wanted[MigrationCapability.PostcopyRam])
            return "Mapped-ram migration is incompatible with postcopy";
        return null;
    }
}
