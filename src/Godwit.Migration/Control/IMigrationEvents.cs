namespace Godwit.Migration;

/// <summary>Told about what a migration does, in order; calls come from migration threads and must not block.</summary>
/// <remarks>Whether a client sees them depends on the capability <c>events</c>; the monitor decides that.</remarks>
public interface IMigrationEvents
{
    /// <summary>The state changed (event MIGRATION).</summary>
    void StateChanged(MigrationStatus status);

    /// <summary>A dirty sync ended (event MIGRATION_PASS).</summary>
    /// <param name="pass">The sync's number, 1 for the one during setup.</param>
    void Pass(long pass);
}
