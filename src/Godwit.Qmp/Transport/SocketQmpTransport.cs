using System.Net.Sockets;
using Godwit.Native;

namespace Godwit.Qmp;

/// <summary>A transport over a connected stream socket; a UNIX socket also passes descriptors.</summary>
public sealed class SocketQmpTransport : QmpTransport
{
    /// <summary>Descriptors that may wait to be claimed; of more the oldest are closed.</summary>
    private const int MaximumWaiting = 16;

    private readonly Socket _socket;
    private readonly bool _passesDescriptors;
    private readonly Lock _lock = new();
    private readonly List<FileDescriptor> _waiting = [];

    /// <summary>Takes ownership of a connected socket.</summary>
    /// <param name="socket">The socket.</param>
    /// <param name="description">Where the peer is, for messages.</param>
    public SocketQmpTransport(Socket socket, string description)
    {
        _socket = socket;
        Description = description;
        _passesDescriptors = socket.AddressFamily == AddressFamily.Unix;
        if (!_passesDescriptors)
            socket.NoDelay = true;
    }

    /// <inheritdoc/>
    public override string Description { get; }

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (!_passesDescriptors)
            return await _socket.ReceiveAsync(buffer, SocketFlags.None, cancellationToken);
        while (true)
        {
            // An empty receive waits for bytes without taking them; the call that takes them also takes the descriptors.
            await _socket.ReceiveAsync(Memory<byte>.Empty, SocketFlags.None, cancellationToken);
            var received = new List<FileDescriptor>();
            long count = Sockets.ReceiveWithDescriptors(_socket.SafeHandle, buffer.Span, received);
            Keep(received);
            if (count == -Errno.EAGAIN)
                continue;
            return count >= 0 ? (int)count : throw new IOException($"{Description}: {new ErrnoException("recvmsg", (int)-count).Message}");
        }
    }

    /// <inheritdoc/>
    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        while (!bytes.IsEmpty)
            bytes = bytes[await _socket.SendAsync(bytes, SocketFlags.None, cancellationToken)..];
    }

    /// <inheritdoc/>
    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, FileDescriptor descriptor, CancellationToken cancellationToken)
    {
        if (!_passesDescriptors)
            throw new NotSupportedException($"{Description} cannot pass file descriptors");
        long count = Sockets.SendWithDescriptors(_socket.SafeHandle, bytes.Span[..1], descriptor);
        if (count < 0)
            throw new IOException($"{Description}: {new ErrnoException("sendmsg", (int)-count).Message}");
        await WriteAsync(bytes[(int)count..], cancellationToken);
    }

    /// <inheritdoc/>
    public override FileDescriptor? TakeDescriptor()
    {
        lock (_lock)
        {
            if (_waiting.Count == 0)
                return null;
            FileDescriptor first = _waiting[0];
            _waiting.RemoveAt(0);
            return first;
        }
    }

    /// <inheritdoc/>
    public override ValueTask DisposeAsync()
    {
        _socket.Dispose();
        lock (_lock)
        {
            foreach (FileDescriptor descriptor in _waiting)
                descriptor.Dispose();
            _waiting.Clear();
        }

        return ValueTask.CompletedTask;
    }

    private void Keep(List<FileDescriptor> received)
    {
        lock (_lock)
        {
            _waiting.AddRange(received);
            while (_waiting.Count > MaximumWaiting)
            {
                _waiting[0].Dispose();
                _waiting.RemoveAt(0);
            }
        }
    }
}
