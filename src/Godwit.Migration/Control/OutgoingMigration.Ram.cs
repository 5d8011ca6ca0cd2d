using Godwit.Memory;
using Godwit.VmState;
using Godwit.Wire;

namespace Godwit.Migration;

/// <content>What the RAM section knows of its migration.</content>
public sealed partial class OutgoingMigration : IRamMigrationContext
{
    /// <inheritdoc/>
    public MigrationCapabilities Capabilities => _savesSnapshot ? SnapshotCapabilities.Of(Settings.Capabilities) : Settings.Capabilities;

    /// <inheritdoc/>
    public MigrationParameters Parameters => Settings.Parameters;

    /// <inheritdoc/>
    public PeerProfile Profile => PeerVersion.Resolve(Settings.Parameters, _host.Origin, Options.Profile);

    /// <inheritdoc/>
    public IReadOnlyList<Channel> DataChannels => Volatile.Read(ref _attempt)?.DataChannels ?? [];

    /// <inheritdoc/>
    public bool MultiFdSyncsEachSection => Settings.MultiFdSyncsEachSection ?? !Profile.HasMultiFdFlushRecord;

    /// <inheritdoc/>
    public int CpuThrottlePercentage
    {
        get => _host.CpuThrottlePercentage;
        set => _host.CpuThrottlePercentage = value;
    }

    /// <inheritdoc/>
    public IWriteProtection? WriteProtection => _host.WriteProtection;

    /// <inheritdoc/>
    public IFreePageHints? FreePageHints => _host.FreePageHints;

    /// <inheritdoc/>
    public void LimitDirtying(ulong mebibytesPerSecond, TimeSpan period) => _host.LimitDirtying(mebibytesPerSecond, period);

    /// <inheritdoc/>
    public void UnlimitDirtying() => _host.UnlimitDirtying();

    /// <inheritdoc/>
    public void ChannelFailed(Exception cause) => Volatile.Read(ref _attempt)?.Fail(cause);

    /// <inheritdoc/>
    public void DirtySyncDone(long syncCount) => _events.Pass(syncCount);

    /// <inheritdoc/>
    public void RamResized(string reason) => Volatile.Read(ref _attempt)?.Cancel(new MigrationFailedException(reason));

    /// <inheritdoc/>
    public void RamChanged(string reason) => Volatile.Read(ref _attempt)?.Fail(new MigrationFailedException(reason));
}
