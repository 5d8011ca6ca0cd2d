using Godwit.Native;
using Godwit.Wire;

namespace Godwit.Testing;

/// <summary>One end of a duplex channel inside the process: behaves as a connected socket with a bounded buffer.</summary>
public sealed class MemoryChannel : Channel
{
    private const int BrokenPipe = 32;

    private readonly BoundedPipe _incoming;
    private readonly BoundedPipe _outgoing;

    private MemoryChannel(string description, BoundedPipe incoming, BoundedPipe outgoing)
        : base(description)
    {
        _incoming = incoming;
        _outgoing = outgoing;
    }

    /// <inheritdoc/>
    public override bool CanPeek => true;

    /// <inheritdoc/>
    public override bool HasReturnPath => true;

    /// <summary>Bytes that the other end has written and this end has not read.</summary>
    public int UnreadBytes => _incoming.Count;

    /// <summary>Makes two connected ends.</summary>
    /// <param name="capacityBytes">Bytes that each direction holds before its writer waits.</param>
    public static (MemoryChannel Source, MemoryChannel Destination) CreatePair(int capacityBytes = 256 * 1024)
    {
        var forth = new BoundedPipe(capacityBytes);
        var back = new BoundedPipe(capacityBytes);
        return (new MemoryChannel("memory:source", back, forth), new MemoryChannel("memory:destination", forth, back));
    }

    /// <inheritdoc/>
    protected override int ReadCore(Span<byte> buffer) => _incoming.Read(buffer);

    /// <inheritdoc/>
    protected override int PeekCore(Span<byte> buffer) => _incoming.Read(buffer, consume: false, atLeast: buffer.Length);

    /// <inheritdoc/>
    protected override void WriteCore(ReadOnlySpan<byte> bytes)
    {
        if (!bytes.IsEmpty && !_outgoing.Write(bytes))
            throw ChannelException.FromErrno(Description, "Unable to write to socket", BrokenPipe);
    }

    /// <inheritdoc/>
    protected override void WriteCore(ReadOnlySpan<HostRange> ranges)
    {
        foreach (var range in ranges)
        {
            for (long done = 0; done < range.LengthBytes;)
            {
                var piece = range.Slice(done, Math.Min(range.LengthBytes - done, 1 << 20));
                WriteCore(piece.AsSpan());
                done += piece.LengthBytes;
            }
        }
    }

    /// <inheritdoc/>
    protected override void FinishWritingCore() => _outgoing.End();

    /// <inheritdoc/>
    protected override void ShutdownCore()
    {
        // As with a socket: what was written before can still be read by the peer, our own reader sees the end.
        _outgoing.End();
        _incoming.Break();
    }
}
