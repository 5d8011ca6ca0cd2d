namespace Godwit.Migration;

/// <summary>Which capabilities count when a machine that stands still is saved into a snapshot.</summary>
internal static class SnapshotCapabilities
{
    /// <summary>Those about the stream's content; nothing about how a running guest is moved.</summary>
    public static MigrationCapabilities Of(MigrationCapabilities set) =>
        default(MigrationCapabilities).With(MigrationCapability.ValidateUuid, set.ValidateUuid);
}
