namespace Godwit.Migration;

/// <content>What the RAM section knows of its migration.</content>
public sealed partial class OutgoingMigration : IRamMigrationContext
{
    /// <inheritdoc/>
    public MigrationCapabilities Capabilities => Settings.Capabilities;

    /// <inheritdoc/>
    public MigrationParameters Parameters => Settings.Parameters;

    /// <inheritdoc/>
    public void DirtySyncDone(long syncCount) => _events.Pass(syncCount);

    /// <inheritdoc/>
    public void RamChanged(string reason) => Volatile.Read(ref _attempt)?.Fail(new MigrationFailedException(reason));
}
