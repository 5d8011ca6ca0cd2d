using System.Collections.Concurrent;
using Godwit.Testing;
using Godwit.Wire;

namespace Godwit.Migration.Tests.Control;

public sealed class IncomingChannelsTests : IDisposable
{
    private static readonly byte[] _streamMagic = [0x51, 0x45, 0x56, 0x4d];

    private readonly BlockingCollection<Channel> _connections = [];
    private readonly TransportChannels _channels = new();

    public void Dispose()
    {
        _channels.Dispose();
        _connections.Dispose();
    }

    [Fact]
    public void AcceptAll_AnyOrder_KnowsEachByItsFirstBytes()
    {
        Channel second = Connect(Init(1));
        Channel main = Connect(_streamMagic);
        Channel first = Connect(Init(0));

        Accept(2);

        Assert.Same(main, _channels.Main);
        Assert.Equal([first, second], _channels.Data);
        Span<byte> magic = stackalloc byte[4];
        Assert.Equal(4, main.Read(magic));
    }

    [Fact]
    public void AcceptAll_ConnectionThatSaysNothing_IsTurnedAway()
    {
        (MemoryChannel quiet, MemoryChannel end) = MemoryChannel.CreatePair();
        _connections.Add(end);
        quiet.FinishWriting();
        Channel stalled = Connect(Init(0).AsSpan(0, 30)); // never says the rest
        Connect(_streamMagic);
        Channel data = Connect(Init(0));

        Accept(1, TimeSpan.FromMilliseconds(200));

        Assert.True(stalled.IsShutDown);
        Assert.Same(data, Assert.Single(_channels.Data));
    }

    [Fact]
    public void AcceptAll_StrangersOnly_GivesUp()
    {
        for (int i = 0; i < 20; i++)
        {
            (MemoryChannel stranger, MemoryChannel end) = MemoryChannel.CreatePair();
            stranger.FinishWriting();
            _connections.Add(end);
        }

        Assert.Contains("said nothing", Assert.Throws<MigrationFailedException>(() => Accept(1)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AcceptAll_SameNumberTwice_Refuses()
    {
        Connect(Init(0));
        Connect(Init(0));
        Assert.Contains("another one has already", Assert.Throws<StreamFormatException>(() => Accept(2)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AcceptAll_TwoMainChannels_Refuses()
    {
        Connect(_streamMagic);
        Connect(_streamMagic);
        Assert.Contains("second connection", Assert.Throws<MigrationFailedException>(() => Accept(1)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AcceptAll_OtherMagic_Refuses()
    {
        Connect("GET "u8);
        Assert.Contains("neither", Assert.Throws<StreamFormatException>(() => Accept(1)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AcceptAll_ChannelMissing_EndsAfterTheTimeout()
    {
        Connect(_streamMagic);
        Assert.Contains(
            "1 of 2 channels did not connect",
            Assert.Throws<MigrationFailedException>(() => Accept(1, TimeSpan.FromMilliseconds(20))).Message,
            StringComparison.Ordinal);
    }

    private static byte[] Init(byte id)
    {
        var message = new byte[64];
        MultiFdFormat.WriteInit(message, null, id);
        return message;
    }

    private MemoryChannel Connect(ReadOnlySpan<byte> bytes)
    {
        (MemoryChannel source, MemoryChannel destination) = MemoryChannel.CreatePair();
        source.Write(bytes);
        _connections.Add(destination);
        return destination;
    }

    private void Accept(int count, TimeSpan? timeout = null) =>
        new IncomingChannels(_channels, token => _connections.Take(token), null, timeout ?? TimeSpan.FromSeconds(20)).AcceptAll(count, CancellationToken.None);
}
