using Godwit.Wire;

namespace Godwit.Migration;

/// <content>What the RAM section knows of its migration.</content>
public sealed partial class IncomingMigration : IIncomingRamContext
{
    /// <inheritdoc/>
    public IReadOnlyList<Channel> DataChannels => _channels.Data!;

    /// <inheritdoc/>
    public bool MultiFdSyncsEachSection => Settings.MultiFdSyncsEachSection ?? !Options.Profile.HasMultiFdFlushRecord;

    /// <inheritdoc/>
    public bool LoadsSnapshot => _loadsSnapshot;

    /// <inheritdoc/>
    public TimeSpan ChannelTimeout => Settings.ChannelTimeout;

    /// <inheritdoc/>
    public void ChannelFailed(Exception cause)
    {
        Interlocked.CompareExchange(ref _channelError, cause, null);
        _channels.Main?.Fail(cause);
    }
}
