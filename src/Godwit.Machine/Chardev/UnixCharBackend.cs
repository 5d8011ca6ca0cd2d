using System.Net.Sockets;

namespace Godwit.Machine;

/// <summary>A character device on a unix socket: listens and serves one client after another, or connects once.</summary>
public sealed class UnixCharBackend : StreamCharBackend
{
    private readonly Socket? _listener;
    private readonly string? _path;

    private UnixCharBackend(Socket? listener, string? path)
    {
        _listener = listener;
        _path = path;
    }

    /// <summary>Listens at a path, which is removed first and at the end. Output without a client is dropped.</summary>
    /// <exception cref="SocketException">The path cannot be bound.</exception>
    public static UnixCharBackend Listen(string path)
    {
        var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            File.Delete(path);
            listener.Bind(new UnixDomainSocketEndPoint(path));
            listener.Listen(1);
        }
        catch
        {
            listener.Dispose();
            throw;
        }

        var backend = new UnixCharBackend(listener, path);
        backend.AcceptNext();
        return backend;
    }

    /// <summary>Connects to a socket that somebody else listens at.</summary>
    /// <exception cref="SocketException">Nobody answers.</exception>
    public static UnixCharBackend Connect(string path)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(path));
        }
        catch
        {
            socket.Dispose();
            throw;
        }

        var backend = new UnixCharBackend(null, null);
        backend.Serve(socket);
        return backend;
    }

    /// <inheritdoc/>
    protected override void InputEnded()
    {
        Detach();
        AcceptNext();
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (_listener is null)
            return;
        _listener.Dispose();
        File.Delete(_path!);
    }

    private void AcceptNext()
    {
        if (_listener is not null)
            new Thread(Accept) { IsBackground = true, Name = "chardev-accept" }.Start();
    }

    private void Accept()
    {
        try
        {
            Serve(_listener!.Accept());
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The listener was closed: nobody waits for a client any more.
        }
    }

    private void Serve(Socket socket)
    {
        var stream = new NetworkStream(socket, ownsSocket: true);
        Attach(stream, stream);
    }
}
