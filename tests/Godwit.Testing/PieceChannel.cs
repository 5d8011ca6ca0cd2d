using Godwit.Native;
using Godwit.Wire;

namespace Godwit.Testing;

/// <summary>Gives out bytes in pieces, as a socket does, also into several ranges; can be filled again.</summary>
/// <param name="nextPiece">Length of the next piece in bytes, at least 1.</param>
public sealed class PieceChannel(Func<int> nextPiece) : Channel("pieces")
{
    private byte[] _bytes = [];
    private int _length;
    private int _position;

    /// <summary>A channel that gives out <paramref name="bytes"/>.</summary>
    public PieceChannel(ReadOnlySpan<byte> bytes, Func<int> nextPiece)
        : this(nextPiece) => Refill(bytes);

    /// <inheritdoc/>
    public override bool CanScatter => true;

    /// <inheritdoc/>
    public override bool IsSeekable => true;

    /// <inheritdoc/>
    public override long FilePosition
    {
        get => _position;
        set => _position = (int)value;
    }

    /// <summary>Bytes that were read into several ranges at once.</summary>
    public long ScatteredBytes { get; private set; }

    /// <summary>Has other bytes read from the next <see cref="FilePosition"/> on.</summary>
    public void Refill(ReadOnlySpan<byte> bytes)
    {
        if (_bytes.Length < bytes.Length)
            _bytes = new byte[bytes.Length];
        bytes.CopyTo(_bytes);
        _length = bytes.Length;
    }

    /// <inheritdoc/>
    protected override int ReadCore(Span<byte> buffer) => Take(buffer, nextPiece());

    /// <inheritdoc/>
    protected override long ReadScatteredCore(ReadOnlySpan<HostRange> ranges)
    {
        int piece = nextPiece();
        long total = 0;
        foreach (HostRange range in ranges)
        {
            int count = Take(range.AsSpan(), piece);
            total += count;
            piece -= count;
            if (count < range.LengthBytes)
                break;
        }

        ScatteredBytes += total;
        return total;
    }

    /// <inheritdoc/>
    protected override void WriteCore(ReadOnlySpan<byte> bytes) => throw new NotSupportedException();

    /// <inheritdoc/>
    protected override void WriteCore(ReadOnlySpan<HostRange> ranges) => throw new NotSupportedException();

    /// <inheritdoc/>
    protected override void ShutdownCore()
    {
    }

    private int Take(Span<byte> buffer, int most)
    {
        int count = Math.Min(Math.Min(buffer.Length, most), _length - _position);
        _bytes.AsSpan(_position, count).CopyTo(buffer);
        _position += count;
        return count;
    }
}
