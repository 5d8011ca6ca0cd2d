using System.Globalization;
using Godwit.Native;

namespace Godwit.Wire;

/// <summary>Listening sockets of one address: a UNIX socket, or one TCP socket per address of a name.</summary>
internal sealed class SocketListener : IChannelListener
{
    private readonly MigrationAddress _address;
    private readonly FileDescriptor[] _sockets;
    private readonly CancellationTokenSource _disposed = new();
    private readonly string? _pathToRemove;
    private readonly Lock _gate = new();
    private int _accepting;

    private SocketListener(MigrationAddress address, FileDescriptor[] sockets, IReadOnlyList<MigrationAddress> local, string? pathToRemove)
    {
        _address = address;
        _sockets = sockets;
        _pathToRemove = pathToRemove;
        LocalAddresses = local;
    }

    public MigrationAddress LocalAddress => LocalAddresses[0];

    public IReadOnlyList<MigrationAddress> LocalAddresses { get; }

    public static SocketListener Listen(UnixAddress address, int backlog)
    {
        var uri = address.ToUri();
        var endpoint = SocketConnector.EndpointOf(address);
        // A socket that an earlier run left behind would make bind fail.
        if (!address.IsAbstract)
            FileSystem.RemoveIfSocket(address.Path);
        var error = Open(endpoint, backlog, acceptIPv4: false, useMultipath: false, uri, out var call, out var socket);
        return socket is null
            ? throw ChannelException.FromErrno(uri, call == "bind" ? $"Failed to bind socket to {address.Path}" : "Failed to listen on socket", (int)-error)
            : new SocketListener(address, [socket], [address], address.IsAbstract ? null : address.Path);
    }

    public static SocketListener Listen(TcpAddress address, int backlog)
    {
        var endpoints = SocketConnector.Resolve(address, forListening: true);
        var sockets = new List<FileDescriptor>();
        try
        {
            OpenAll(address, endpoints, backlog, sockets);
            var local = sockets.Select(socket => LocalAddressOf(address, socket)).Reverse().ToArray();
            return new SocketListener(address, [.. sockets], local, null);
        }
        catch
        {
            foreach (var socket in sockets)
                socket.Dispose();
            throw;
        }
    }

    public Channel Accept(CancellationToken cancellationToken = default)
    {
        lock (_gate)
        {
            if (_disposed.IsCancellationRequested)
                throw new OperationCanceledException("The listener was closed.");
            _accepting++;
        }

        try
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _disposed.Token);
            using var wake = new WakeEvent();
            using var registration = either.Token.Register(static state => ((WakeEvent)state!).Set(), wake);
            while (true)
            {
                var ready = wake.WaitForAnyReadable(_sockets);
                either.Token.ThrowIfCancellationRequested();
                var error = Sockets.Accept(_sockets[ready], out var socket);
                if (socket is not null)
                    return MakeChannel(socket);
                // A connection that was reset before it was taken is not there any more; the next one may come.
                if (-error is not (Errno.EAGAIN or Errno.ECONNABORTED))
                    throw ChannelException.FromErrno(_address.ToUri(), "Unable to accept connection", (int)-error);
            }
        }
        finally
        {
            bool isLast;
            lock (_gate)
                isLast = --_accepting == 0 && _disposed.IsCancellationRequested;
            if (isLast)
                Close();
        }
    }

    public void Dispose()
    {
        bool isIdle;
        lock (_gate)
        {
            if (_disposed.IsCancellationRequested)
                return;
            // Wakes those who wait; the last of them closes the sockets.
            _disposed.Cancel();
            isIdle = _accepting == 0;
        }

        if (isIdle)
            Close();
    }

    private static void OpenAll(TcpAddress address, IReadOnlyList<SocketEndpoint> endpoints, int backlog, List<FileDescriptor> sockets)
    {
        var uri = address.ToUri();
        // The IPv6 wildcard takes IPv4 as well, with one port for both.
        var dual = address.Host.Length == 0 && address.Ipv4 is not false && address.Ipv6 is not false && !(address.Ipv4 is true && address.Ipv6 is null);
        if (dual && endpoints.FirstOrDefault(e => e.IsIPv6) is { } wildcard
            && Open(wildcard, backlog, acceptIPv4: true, address.Multipath, uri, out _, out var both) == 0)
        {
            sockets.Add(both!);
            return;
        }

        long error = 0;
        var call = "bind";
        foreach (var endpoint in endpoints)
        {
            var last = Math.Max(endpoint.Port, address.To ?? endpoint.Port);
            // All sockets of one name listen on the port that the first one got.
            var first = sockets.Count > 0 ? Sockets.GetLocalEndpoint(sockets[0]).Port : endpoint.Port;
            for (var port = first; port <= Math.Max(first, last); port++)
            {
                error = Open(endpoint.WithPort(port), backlog, acceptIPv4: false, address.Multipath, uri, out call, out var socket);
                if (socket is not null)
                {
                    sockets.Add(socket);
                    break;
                }

                if (-error != Errno.EADDRINUSE)
                    break;
            }
        }

        if (sockets.Count == 0)
        {
            var doing = -error == Errno.EADDRINUSE ? "Failed to find an available port" : call == "bind" ? "Failed to bind socket" : "Failed to listen on socket";
            throw ChannelException.FromErrno(uri, doing, (int)-error);
        }
    }

    private static long Open(
        SocketEndpoint endpoint, int backlog, bool acceptIPv4, bool useMultipath, string uri, out string call, out FileDescriptor? socket)
    {
        try
        {
            return Sockets.Listen(endpoint, backlog, acceptIPv4, useMultipath, out call, out socket);
        }
        catch (ErrnoException e)
        {
            throw ChannelException.FromErrno(uri, "Failed to create socket", e.Errno, e);
        }
    }

    private static MigrationAddress LocalAddressOf(TcpAddress address, FileDescriptor socket)
    {
        var endpoint = Sockets.GetLocalEndpoint(socket);
        return address with
        {
            Host = endpoint.Host,
            Port = endpoint.Port.ToString(CultureInfo.InvariantCulture),
            To = null,
            Ipv4 = endpoint.IsIPv4 ? true : null,
            Ipv6 = endpoint.IsIPv6 ? true : null,
        };
    }

    private SocketChannel MakeChannel(FileDescriptor socket)
    {
        if (_address is TcpAddress tcp)
            SocketConnector.Prepare(socket, tcp);
        return new SocketChannel(socket, _address.ToUri());
    }

    private void Close()
    {
        foreach (var socket in _sockets)
            socket.Dispose();
        if (_pathToRemove is not null)
            FileSystem.RemoveIfSocket(_pathToRemove);
        _disposed.Dispose();
    }
}
