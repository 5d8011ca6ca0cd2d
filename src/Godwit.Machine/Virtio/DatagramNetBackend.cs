using System.Net;
using System.Net.Sockets;

namespace Godwit.Machine;

/// <summary>A network cable over datagrams: each is one frame.</summary>
public sealed class DatagramNetBackend : INetBackend
{
    private readonly FrameQueue _received = new();
    private readonly Socket _socket;
    private readonly EndPoint _remote;

    /// <summary>Binds the local end; frames go to the remote one, which need not be there yet.</summary>
    /// <exception cref="SocketException">The address cannot be bound.</exception>
    public DatagramNetBackend(EndPoint local, EndPoint remote)
    {
        ArgumentNullException.ThrowIfNull(local);
        ArgumentNullException.ThrowIfNull(remote);
        _remote = remote;
        _socket = new Socket(local.AddressFamily, SocketType.Dgram, local is UnixDomainSocketEndPoint ? ProtocolType.Unspecified : ProtocolType.Udp)
        {
            Blocking = true,
        };
        try
        {
            _socket.Bind(local);
        }
        catch
        {
            _socket.Dispose();
            throw;
        }

        new Thread(ReceiveLoop) { IsBackground = true, Name = "net-in" }.Start();
    }

    /// <inheritdoc/>
    public event EventHandler? FramesArrived;

    /// <summary>Where the local end is bound.</summary>
    public EndPoint LocalEndPoint => _socket.LocalEndPoint!;

    /// <inheritdoc/>
    public void Send(ReadOnlySpan<byte> frame)
    {
        try
        {
            _socket.SendTo(frame, SocketFlags.None, _remote);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Nobody is there, or too many are waiting: a network drops the frame.
        }
    }

    /// <inheritdoc/>
    public int Receive(Span<byte> destination) => _received.Take(destination);

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();

    private void ReceiveLoop()
    {
        var frame = new byte[FrameQueue.MaximumFrameBytes];
        while (true)
        {
            try
            {
                int count = _socket.Receive(frame);
                _received.Add(frame.AsSpan(0, count));
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.ConnectionRefused or SocketError.ConnectionReset)
            {
                continue;
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                return;
            }

            FramesArrived?.Invoke(this, EventArgs.Empty);
        }
    }
}
