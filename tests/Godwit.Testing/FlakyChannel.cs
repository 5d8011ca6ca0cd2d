using Godwit.Native;
using Godwit.Wire;

namespace Godwit.Testing;

/// <summary>A channel that breaks after a chosen number of bytes, as a cut link does.</summary>
/// <remarks>
/// Bytes up to the cut pass; with the first byte beyond it the inner channel is shut down and the call throws
/// (<c>ECONNRESET</c>). The inner channel is disposed with this one.
/// </remarks>
public sealed class FlakyChannel : ForwardingChannel
{
    private const int ConnectionReset = 104;

    private readonly int _pieceBytes;
    private long _writesLeft;
    private long _readsLeft;

    /// <summary>Wraps <paramref name="inner"/>.</summary>
    /// <param name="inner">The channel that carries the bytes.</param>
    /// <param name="cutAfterBytesWritten">Bytes that can be written before the cut.</param>
    /// <param name="cutAfterBytesRead">Bytes that can be read before the cut.</param>
    /// <param name="pieceBytes">The most bytes that one read gives, so that a reader sees many short reads.</param>
    public FlakyChannel(
        Channel inner, long cutAfterBytesWritten = long.MaxValue, long cutAfterBytesRead = long.MaxValue, int pieceBytes = int.MaxValue)
        : base("flaky", inner)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(pieceBytes);
        _writesLeft = cutAfterBytesWritten;
        _readsLeft = cutAfterBytesRead;
        _pieceBytes = pieceBytes;
    }

    /// <summary>Whether the cut has happened.</summary>
    public bool IsCut { get; private set; }

    /// <summary>Cuts the link now, from any thread.</summary>
    public void Cut()
    {
        IsCut = true;
        Inner.Shutdown();
    }

    /// <inheritdoc/>
    protected override int ReadCore(Span<byte> buffer)
    {
        if (_readsLeft == 0)
            throw CutNow("Unable to read from socket");
        var count = Inner.Read(buffer[..(int)Math.Min(Math.Min(buffer.Length, _pieceBytes), _readsLeft)]);
        _readsLeft -= count;
        return count;
    }

    /// <inheritdoc/>
    protected override void WriteCore(ReadOnlySpan<byte> bytes)
    {
        var passing = (int)Math.Min(bytes.Length, _writesLeft);
        Inner.Write(bytes[..passing]);
        _writesLeft -= passing;
        if (passing < bytes.Length)
            throw CutNow("Unable to write to socket");
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
    protected override void WriteAtCore(long fileOffset, ReadOnlySpan<HostRange> ranges)
    {
        var bytes = TotalBytes(ranges);
        if (bytes > _writesLeft)
            throw CutNow("Unable to write to file");
        _writesLeft -= bytes;
        Inner.WriteAt(fileOffset, ranges);
    }

    /// <inheritdoc/>
    protected override long ReadAtCore(long fileOffset, HostRange range) => Inner.ReadAt(fileOffset, range);

    private ChannelException CutNow(string doing)
    {
        Cut();
        return ChannelException.FromErrno(Description, doing, ConnectionReset);
    }
}
