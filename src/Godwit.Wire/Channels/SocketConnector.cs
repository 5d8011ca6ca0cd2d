using Godwit.Native;

namespace Godwit.Wire;

/// <summary>Connects sockets, with the waits that cancellation ends and the error texts of the field.</summary>
internal static class SocketConnector
{
    public static Channel Connect(UnixAddress address, CancellationToken cancellationToken)
    {
        using var wake = new WakeEvent();
        using var registration = cancellationToken.Register(static state => ((WakeEvent)state!).Set(), wake);
        var uri = address.ToUri();
        var error = Attempt(EndpointOf(address), wake, useMultipath: false, uri, out var socket);
        cancellationToken.ThrowIfCancellationRequested();
        return socket is null ? throw FailedToConnect(uri, address.Path, error) : new SocketChannel(socket, uri);
    }

    public static Channel Connect(TcpAddress address, CancellationToken cancellationToken)
    {
        var uri = address.ToUri();
        var endpoints = Resolve(address, forListening: false);
        using var wake = new WakeEvent();
        using var registration = cancellationToken.Register(static state => ((WakeEvent)state!).Set(), wake);
        long error = 0;
        foreach (var endpoint in endpoints)
        {
            error = Attempt(endpoint, wake, address.Multipath, uri, out var socket);
            if (socket is null)
            {
                cancellationToken.ThrowIfCancellationRequested();
                continue;
            }

            Prepare(socket, address);
            return new SocketChannel(socket, uri);
        }

        throw FailedToConnect(uri, $"{address.Host}:{address.Port}", error);
    }

    /// <summary>The addresses behind a host and a port, at least one.</summary>
    /// <exception cref="ChannelException">The host or the service is not known.</exception>
    public static IReadOnlyList<SocketEndpoint> Resolve(TcpAddress address, bool forListening)
    {
        // "ipv4=on" alone means IPv4 only, "ipv4=off" alone means IPv6 only; both or nothing means either.
        var allowIPv4 = address.Ipv4 ?? address.Ipv6 is not true;
        var allowIPv6 = address.Ipv6 ?? address.Ipv4 is not true;
        var uri = address.ToUri();
        if (!allowIPv4 && !allowIPv6)
            throw new ChannelException(uri, "Cannot disable IPv4 and IPv6 at same time", Errno.EINVAL);
        var failure = SocketEndpoint.Resolve(
            address.Host, address.Port, forListening, allowIPv4, allowIPv6, address.IsNumeric, out var endpoints);
        if (failure is null && endpoints.Count == 0)
            failure = "No address associated with hostname";
        return failure is null
            ? endpoints
            : throw new ChannelException(uri, $"address resolution failed for {address.Host}:{address.Port}: {failure}");
    }

    /// <exception cref="ChannelException">The path does not fit into a socket address.</exception>
    public static SocketEndpoint EndpointOf(UnixAddress address)
    {
        try
        {
            return SocketEndpoint.Unix(address.Path, address.IsAbstract, address.IsTight);
        }
        catch (ArgumentException)
        {
            throw new ChannelException(
                address.ToUri(),
                address.Path.Length == 0 ? "UNIX socket path is empty" : $"UNIX socket path '{address.Path}' is too long",
                Errno.EINVAL);
        }
    }

    /// <summary>The options of a connected TCP socket: records are flushed in large pieces, so waiting to fill a segment only adds delay.</summary>
    public static void Prepare(FileDescriptor socket, TcpAddress address)
    {
        Sockets.SetNoDelay(socket);
        if (address.KeepAlive)
            Sockets.SetKeepAlive(socket, address.KeepAliveIdle, address.KeepAliveInterval, address.KeepAliveCount);
    }

    private static long Attempt(SocketEndpoint endpoint, WakeEvent wake, bool useMultipath, string uri, out FileDescriptor? socket)
    {
        try
        {
            return Sockets.Connect(endpoint, wake, useMultipath, out socket);
        }
        catch (ErrnoException e)
        {
            throw ChannelException.FromErrno(uri, "Failed to create socket", e.Errno, e);
        }
    }

    private static ChannelException FailedToConnect(string uri, string where, long error)
        => ChannelException.FromErrno(uri, $"Failed to connect to '{where}'", (int)-error);
}
