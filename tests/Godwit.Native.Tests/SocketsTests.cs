namespace Godwit.Native.Tests;

public sealed class SocketsTests
{
    [Fact]
    public void SendWithDescriptors_TwoPipes_ArriveOpenAndUsable()
    {
        var (first, second) = Sockets.CreatePair();
        using var a = first;
        using var b = second;
        var (reader, writer) = FileDescriptor.CreatePipe();
        using var r = reader;
        using var w = writer;
        var received = new List<FileDescriptor>();
        var buffer = new byte[10];

        Assert.Equal(3, Sockets.SendWithDescriptors(a, "abc"u8, r, w));
        Assert.Equal(3, Sockets.ReceiveWithDescriptors(b, buffer, received));

        Assert.Equal("abc"u8.ToArray(), buffer[..3]);
        Assert.Equal([FileAccessMode.Read, FileAccessMode.Write], received.Select(d => d.AccessMode));
        Assert.Equal(1, received[1].Write("x"u8));
        Assert.Equal(1, r.Read(buffer));
        received.ForEach(d => d.Dispose());
    }

    [Fact]
    public void ReceiveWithDescriptors_NoneSent_GivesBytesOnly()
    {
        var (first, second) = Sockets.CreatePair();
        using var a = first;
        using var b = second;
        var received = new List<FileDescriptor>();

        Assert.Equal(1, Sockets.SendWithDescriptors(a, "q"u8));
        Assert.Equal(1, Sockets.ReceiveWithDescriptors(b, new byte[4], received));
        Assert.Empty(received);
    }

    [Fact]
    public void Send_PeerClosed_GivesBrokenPipeAndNoSignal()
    {
        var (first, second) = Sockets.CreatePair();
        using var a = first;
        second.Dispose();

        Assert.Equal(-Errno.EPIPE, Sockets.Send(a, "x"u8));
    }

    [Fact]
    public void Connect_NobodyListens_GivesTheErrno()
    {
        using var wake = new WakeEvent();
        var failure = SocketEndpoint.Resolve("127.0.0.1", "1", false, true, true, false, out var endpoints);

        Assert.Null(failure);
        Assert.Equal(-Errno.ECONNREFUSED, Sockets.Connect(endpoints.Single(), wake, false, out var socket));
        Assert.Null(socket);
    }

    [Fact]
    public void Connect_UnixBacklogFull_EndsWhenWoken()
    {
        using var wake = new WakeEvent();
        var endpoint = SocketEndpoint.Unix($"godwit-test-{Environment.ProcessId}-{Guid.NewGuid():N}", isAbstract: true);
        Assert.Equal(0, Sockets.Listen(endpoint, 1, false, false, out _, out var listener));
        using var l = listener!;
        var connected = new List<FileDescriptor>();
        var thread = new Thread(() =>
        {
            // Fills the backlog and then waits in the one that does not fit.
            while (Sockets.Connect(endpoint, wake, false, out var socket) == 0)
                connected.Add(socket!);
        });

        thread.Start();
        while (connected.Count == 0)
            Thread.Yield();
        wake.Set();

        Assert.True(thread.Join(10_000));
        connected.ForEach(d => d.Dispose());
    }

    [Fact]
    public void LimitUnsent_TcpAndUnix_TcpHasItAndUnixIsLeftAlone()
    {
        Assert.Null(SocketEndpoint.Resolve("127.0.0.1", "0", true, true, true, true, out var endpoints));
        Assert.Equal(0, Sockets.Listen(endpoints[0], 1, true, false, out _, out var tcp));
        using var t = tcp!;
        var (near, far) = Sockets.CreatePair();
        using var unix = near;
        using var other = far;

        Sockets.LimitUnsent(t, 4096);
        Sockets.LimitUnsent(unix, 4096);

        Assert.True(Sockets.TryGetOption(t, Linux.Netinet.IPPROTO_TCP, Linux.Netinet.TCP_NOTSENT_LOWAT, out var limit));
        Assert.Equal(4096, limit);
        Assert.Equal(1, Sockets.Send(unix, "x"u8));
    }

    [Theory]
    [InlineData("127.0.0.1", "4444", "127.0.0.1:4444", true)]
    [InlineData("::1", "80", "[::1]:80", false)]
    public void Resolve_Number_KeepsIt(string host, string service, string text, bool isIPv4)
    {
        Assert.Null(SocketEndpoint.Resolve(host, service, false, true, true, true, out var endpoints));
        Assert.Equal(text, endpoints.Single().ToString());
        Assert.Equal(isIPv4, endpoints.Single().IsIPv4);
        Assert.Equal(!isIPv4, endpoints.Single().IsIPv6);
    }

    [Fact]
    public void Resolve_NameWhereANumberIsAskedFor_GivesTheResolversText()
    {
        Assert.Equal("Name or service not known", SocketEndpoint.Resolve("no.such.host", "1", false, true, true, true, out var endpoints));
        Assert.Empty(endpoints);
    }
}
