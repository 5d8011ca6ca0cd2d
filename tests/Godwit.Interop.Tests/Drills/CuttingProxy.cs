using System.Net;
using System.Net.Sockets;
using Godwit.Wire;

namespace Godwit.Interop.Tests;

/// <summary>Stands between two ends of a migration and closes one of its connections after some bytes from the source; the others stay.</summary>
internal sealed class CuttingProxy : IDisposable
{
    private readonly Socket _listener;
    private readonly EndPoint _target;
    private readonly int _connection;
    private readonly List<Socket> _sockets = [];
    private readonly List<Thread> _threads = [];
    private readonly Lock _lock = new();
    private long _left;
    private bool _isClosed;

    /// <summary>Listens in front of a target.</summary>
    /// <param name="target">Where the target listens.</param>
    /// <param name="path">For a UNIX socket of the proxy's own.</param>
    /// <param name="connection">Which one is cut, by the order in which they are made.</param>
    /// <param name="bytes">How much of it passes.</param>
    public CuttingProxy(MigrationAddress target, string path, int connection, long bytes)
    {
        _connection = connection;
        _left = bytes;
        _target = target switch
        {
            TcpAddress tcp => IPEndPoint.Parse($"{tcp.Host}:{tcp.Port}"),
            UnixAddress unix => new UnixDomainSocketEndPoint(unix.Path),
            _ => throw new ArgumentException($"{target} has no connections", nameof(target)),
        };
        _listener = NewSocket();
        _listener.Bind(target is TcpAddress ? new IPEndPoint(IPAddress.Loopback, 0) : new UnixDomainSocketEndPoint(path));
        _listener.Listen(64);
        Address = MigrationAddress.ParseUri(target is TcpAddress ? $"tcp:{_listener.LocalEndPoint}" : $"unix:{path}");
        Start(Accept);
    }

    /// <summary>Where the source shall go.</summary>
    public MigrationAddress Address { get; }

    public void Dispose()
    {
        Thread[] threads;
        lock (_lock)
        {
            _isClosed = true;
            threads = [.. _threads];
        }

        _listener.Dispose();
        foreach (Socket socket in _sockets)
            socket.Dispose();
        foreach (Thread thread in threads)
            thread.Join();
    }

    private Socket NewSocket() => _target is IPEndPoint
        ? new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
        : new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);

    private void Accept()
    {
        for (int number = 0; ; number++)
        {
            Socket near = _listener.Accept();
            Socket far = NewSocket();
            bool isCut = number == _connection;
            lock (_lock)
            {
                if (_isClosed)
                {
                    near.Dispose();
                    far.Dispose();
                    return;
                }

                _sockets.AddRange([near, far]);
            }

            far.Connect(_target);
            Start(() => Pump(near, far, isCut));
            Start(() => Pump(far, near, isCut: false));
        }
    }

    private void Start(Action work)
    {
        var thread = new Thread(() => RunToTheEnd(work)) { IsBackground = true, Name = "proxy" };
        lock (_lock)
        {
            if (_isClosed)
                return;
            _threads.Add(thread);
            thread.Start();
        }
    }

    private static void RunToTheEnd(Action work)
    {
        try
        {
            work();
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // One of the ends is gone.
        }
    }

    private void Pump(Socket from, Socket to, bool isCut)
    {
        byte[] buffer = new byte[1 << 16];
        try
        {
            while (from.Receive(buffer) is var count and > 0)
            {
                int passing = isCut ? (int)Math.Min(count, _left) : count;
                for (int done = 0; done < passing;)
                    done += to.Send(buffer.AsSpan(done, passing - done));
                if (!isCut)
                    continue;
                _left -= passing;
                if (passing == count)
                    continue;
                from.Dispose();
                to.Dispose();
                return;
            }

            to.Shutdown(SocketShutdown.Send);
        }
        catch (SocketException)
        {
            from.Dispose();
            to.Dispose();
        }
    }
}
