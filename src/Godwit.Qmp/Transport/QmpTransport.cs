using Godwit.Native;

namespace Godwit.Qmp;

/// <summary>A duplex byte stream under a monitor or a client.</summary>
/// <remarks>One reader and one writer at a time.</remarks>
public abstract class QmpTransport : IQmpDescriptorSource, IAsyncDisposable
{
    /// <summary>Where the peer is, for messages.</summary>
    public abstract string Description { get; }

    /// <summary>Reads some bytes; 0 at the end of the stream.</summary>
    /// <param name="buffer">Where to put them.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public abstract ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken);

    /// <summary>Writes all bytes.</summary>
    /// <param name="bytes">The bytes.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public abstract ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken);

    /// <summary>Writes all bytes and passes a descriptor with the first of them.</summary>
    /// <param name="bytes">The bytes.</param>
    /// <param name="descriptor">The descriptor; stays the caller's.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="NotSupportedException">The transport cannot pass descriptors.</exception>
    public virtual ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, FileDescriptor descriptor, CancellationToken cancellationToken) =>
        throw new NotSupportedException($"{Description} cannot pass file descriptors");

    /// <inheritdoc/>
    public virtual FileDescriptor? TakeDescriptor() => null;

    /// <inheritdoc/>
    public abstract ValueTask DisposeAsync();
}
