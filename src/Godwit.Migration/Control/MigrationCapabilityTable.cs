using System.Collections.Immutable;

namespace Godwit.Migration;

/// <summary>Every capability name a client may use, in reply order.</summary>
public static class MigrationCapabilityTable
{
    /// <summary>All rows; the index of a row is the numeric value of its capability.</summary>
    public static ImmutableArray<MigrationCapabilityInfo> All { get; } =
    [
        new(MigrationCapability.Xbzrle, "xbzrle", IsBuilt: true),
        new(MigrationCapability.RdmaPinAll, "rdma-pin-all", IsBuilt: false),
        new(MigrationCapability.AutoConverge, "auto-converge", IsBuilt: true),
        new(MigrationCapability.ZeroBlocks, "zero-blocks", IsBuilt: false),
        new(MigrationCapability.Events, "events", IsBuilt: true),
        new(MigrationCapability.PostcopyRam, "postcopy-ram", IsBuilt: false),
        new(MigrationCapability.XColo, "x-colo", IsBuilt: false),
        new(MigrationCapability.ReleaseRam, "release-ram", IsBuilt: true),
        new(MigrationCapability.ReturnPath, "return-path", IsBuilt: true),
        new(MigrationCapability.PauseBeforeSwitchover, "pause-before-switchover", IsBuilt: true),
        new(MigrationCapability.MultiFd, "multifd", IsBuilt: true),
        new(MigrationCapability.DirtyBitmaps, "dirty-bitmaps", IsBuilt: false),
        new(MigrationCapability.PostcopyBlocktime, "postcopy-blocktime", IsBuilt: false),
        new(MigrationCapability.LateBlockActivate, "late-block-activate", IsBuilt: true),
        new(MigrationCapability.XIgnoreShared, "x-ignore-shared", IsBuilt: true, IsValidated: true),
        new(MigrationCapability.ValidateUuid, "validate-uuid", IsBuilt: true),
        new(MigrationCapability.BackgroundSnapshot, "background-snapshot", IsBuilt: true),
        new(MigrationCapability.ZeroCopySend, "zero-copy-send", IsBuilt: false),
        new(MigrationCapability.PostcopyPreempt, "postcopy-preempt", IsBuilt: false),
        new(MigrationCapability.SwitchoverAck, "switchover-ack", IsBuilt: true),
        new(MigrationCapability.DirtyLimit, "dirty-limit", IsBuilt: true),
        new(MigrationCapability.MappedRam, "mapped-ram", IsBuilt: true, IsValidated: true),
    ];

    /// <summary>The name of a capability.</summary>
    public static string ToQapiName(this MigrationCapability capability) => All[(int)capability].Name;

    /// <summary>Finds a capability by name; false when the name is unknown.</summary>
    public static bool TryParse(string name, out MigrationCapability capability)
    {
        foreach (var row in All)
        {
            if (string.Equals(row.Name, name, StringComparison.Ordinal))
            {
                capability = row.Capability;
                return true;
            }
        }

        capability = default;
        return false;
    }
}
