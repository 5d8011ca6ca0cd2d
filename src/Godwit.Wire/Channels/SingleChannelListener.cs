using Godwit.Native;

namespace Godwit.Wire;

/// <summary>The listener of what needs no connection: the channel is there at once.</summary>
internal sealed class SingleChannelListener(MigrationAddress address, Channel first, Func<Channel>? openAnother = null) : IChannelListener
{
    private Channel? _first = first;

    public MigrationAddress LocalAddress => address;

    public IReadOnlyList<MigrationAddress> LocalAddresses => [];

    public Channel Accept(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return Interlocked.Exchange(ref _first, null)
            ?? openAnother?.Invoke()
            ?? throw ChannelException.FromErrno(address.ToUri(), "There is only one channel", Errno.EOPNOTSUPP);
    }

    public void Dispose() => Interlocked.Exchange(ref _first, null)?.Dispose();
}
