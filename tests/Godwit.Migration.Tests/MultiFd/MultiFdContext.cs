using Godwit.Wire;

namespace Godwit.Migration.Tests.MultiFd;

/// <summary>The data channels of a destination, and the first failure.</summary>
internal sealed class MultiFdContext(Channel main, params Channel[] data) : IIncomingRamContext
{
    public IReadOnlyList<Channel> DataChannels => data;

    public bool MultiFdSyncsEachSection { get; init; }

    public TimeSpan ChannelTimeout { get; init; } = TimeSpan.FromSeconds(30);

    public Exception? Failure { get; private set; }

    public void ChannelFailed(Exception cause)
    {
        Failure ??= cause;
        main.Fail(cause);
    }
}
