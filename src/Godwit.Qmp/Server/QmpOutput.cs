using System.Threading.Channels;

namespace Godwit.Qmp;

/// <summary>Lines on their way to one client: any thread puts them in, one task writes them.</summary>
/// <remarks>
/// A client that does not read is not allowed to hold memory without end: requests wait while
/// <see cref="PauseBytes"/> are pending, and beyond <see cref="MaximumBytes"/> (events only get there) the connection is given up.
/// </remarks>
internal sealed class QmpOutput
{
    public const long PauseBytes = 1024 * 1024;
    public const long MaximumBytes = 256 * 1024 * 1024;

    private readonly Lock _lock = new();
    private readonly Channel<byte[]> _lines = Channel.CreateUnbounded<byte[]>(new UnboundedChannelOptions { SingleReader = true });
    private long _pendingBytes;
    private TaskCompletionSource? _room;

    /// <summary>Queues a line; false when the client is too far behind.</summary>
    public bool TryEnqueue(byte[] line)
    {
        lock (_lock)
        {
            if (_pendingBytes > MaximumBytes)
                return false;
            _pendingBytes += line.Length;
            return _lines.Writer.TryWrite(line);
        }
    }

    public void Complete() => _lines.Writer.TryComplete();

    /// <summary>Returns when few enough bytes are pending for another request to be handled.</summary>
    public ValueTask WaitForRoomAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (_pendingBytes <= PauseBytes)
                return ValueTask.CompletedTask;
            _room ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return new ValueTask(_room.Task.WaitAsync(cancellationToken));
        }
    }

    /// <summary>Writes lines until <see cref="Complete"/> was called and all are out.</summary>
    public async Task RunAsync(QmpTransport transport, CancellationToken cancellationToken)
    {
        await foreach (byte[] line in _lines.Reader.ReadAllAsync(cancellationToken))
        {
            await transport.WriteAsync(line, cancellationToken);
            TaskCompletionSource? room = null;
            lock (_lock)
            {
                _pendingBytes -= line.Length;
                if (_pendingBytes <= PauseBytes)
                    (room, _room) = (_room, null);
            }

            room?.TrySetResult();
        }
    }
}
