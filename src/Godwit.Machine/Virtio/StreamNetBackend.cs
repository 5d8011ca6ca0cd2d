using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Godwit.Machine;

/// <summary>A network cable over a stream socket: each frame with its length, 32 bits big-endian, in front.</summary>
public sealed class StreamNetBackend : INetBackend
{
    /// <summary>Frames that wait for a slow peer.</summary>
    private const int MaximumWaiting = 512;

    /// <summary>Between attempts to take a peer when the host has no room for one.</summary>
    private const int RetryMilliseconds = 100;

    private readonly object _lock = new();
    private readonly FrameQueue _received = new();
    private readonly Queue<byte[]> _outgoing = new();
    private readonly Socket? _listener;
    private readonly Func<Socket>? _accept;
    private Socket? _socket;
    private bool _isDisposed;

    internal StreamNetBackend(Socket? listener, Socket? socket, Func<Socket>? accept)
    {
        _listener = listener;
        _accept = accept;
        _socket = socket;
        Start(SendLoop, "net-out");
        Start(accept is null ? ReceiveLoop : AcceptLoop, "net-in");
    }

    /// <inheritdoc/>
    public event EventHandler? FramesArrived;

    /// <summary>Where a listening end is bound.</summary>
    public EndPoint? LocalEndPoint => _listener?.LocalEndPoint;

    /// <summary>Waits for one peer after another.</summary>
    /// <exception cref="SocketException">The address cannot be bound.</exception>
    public static StreamNetBackend Listen(EndPoint address)
    {
        Socket socket = Create(address);
        try
        {
            socket.Bind(address);
            socket.Listen(1);
        }
        catch
        {
            socket.Dispose();
            throw;
        }

        return new StreamNetBackend(socket, null, socket.Accept);
    }

    /// <summary>Connects to a peer.</summary>
    /// <exception cref="SocketException">Nobody answers.</exception>
    public static StreamNetBackend Connect(EndPoint address)
    {
        Socket socket = Create(address);
        try
        {
            socket.Connect(address);
        }
        catch
        {
            socket.Dispose();
            throw;
        }

        return new StreamNetBackend(null, socket, null);
    }

    /// <inheritdoc/>
    public void Send(ReadOnlySpan<byte> frame)
    {
        lock (_lock)
        {
            if (_socket is null || _outgoing.Count >= MaximumWaiting)
                return;
            var record = new byte[4 + frame.Length];
            BinaryPrimitives.WriteInt32BigEndian(record, frame.Length);
            frame.CopyTo(record.AsSpan(4));
            _outgoing.Enqueue(record);
            Monitor.PulseAll(_lock);
        }
    }

    /// <inheritdoc/>
    public int Receive(Span<byte> destination) => _received.Take(destination);

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_lock)
        {
            _isDisposed = true;
            _socket?.Dispose();
            Monitor.PulseAll(_lock);
        }

        _listener?.Dispose();
    }

    private static Socket Create(EndPoint address) => address is UnixDomainSocketEndPoint
        ? new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
        : new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);

    private static void Start(ThreadStart loop, string name) => new Thread(loop) { IsBackground = true, Name = name }.Start();

    private void AcceptLoop()
    {
        while (TryAccept())
            ReceiveLoop();
    }

    /// <summary>Waits for a peer; false at the end. A peer that was gone again, or a host without room, is no end.</summary>
    private bool TryAccept()
    {
        while (true)
        {
            Socket? socket = null;
            try
            {
                socket = _accept!();
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // Looked at below: what matters is whether the listener was closed.
            }

            lock (_lock)
            {
                if (_isDisposed)
                {
                    socket?.Dispose();
                    return false;
                }

                if (socket is null)
                    Monitor.Wait(_lock, RetryMilliseconds);
                else
                    _socket = socket;
            }

            if (socket is not null)
                return true;
        }
    }

    private void ReceiveLoop()
    {
        Socket socket = _socket!;
        var length = new byte[4];
        var frame = new byte[FrameQueue.MaximumFrameBytes];
        while (TryReceive(socket, length))
        {
            uint count = BinaryPrimitives.ReadUInt32BigEndian(length);
            if (count > FrameQueue.MaximumFrameBytes || !TryReceive(socket, frame.AsSpan(0, (int)count)))
                break;
            _received.Add(frame.AsSpan(0, (int)count));
            FramesArrived?.Invoke(this, EventArgs.Empty);
        }

        lock (_lock)
        {
            socket.Dispose();
            _socket = null;
            _outgoing.Clear();
        }
    }

    private static bool TryReceive(Socket socket, Span<byte> destination)
    {
        try
        {
            while (!destination.IsEmpty)
            {
                int count = socket.Receive(destination);
                if (count == 0)
                    return false;
                destination = destination[count..];
            }

            return true;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return false;
        }
    }

    private void SendLoop()
    {
        while (true)
        {
            byte[] record;
            Socket? socket;
            lock (_lock)
            {
                while (!_isDisposed && _outgoing.Count == 0)
                    Monitor.Wait(_lock);
                if (_isDisposed)
                    return;
                record = _outgoing.Dequeue();
                socket = _socket;
            }

            try
            {
                for (int sent = 0; socket is not null && sent < record.Length;)
                    sent += socket.Send(record.AsSpan(sent));
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // The receiving thread sees the end as well and takes the socket away.
            }
        }
    }
}
