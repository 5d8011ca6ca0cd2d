using Godwit.Native;
using Godwit.Wire;

namespace Godwit.Fuzz;

/// <summary>Gives bytes in pieces of varying length, as a socket does, also into several ranges; can be filled again.</summary>
internal sealed class PieceChannel() : Channel("pieces")
{
    private readonly FuzzRandom _random = new(0);
    private byte[] _bytes = [];
    private int _length;
    private int _position;
    private int _longest = 1;

    public override bool CanScatter => true;

    public override bool IsSeekable => true;

    public override long FilePosition
    {
        get => _position;
        set => _position = (int)value;
    }

    /// <summary>Starts anew with other bytes.</summary>
    public void Refill(ReadOnlySpan<byte> bytes, int seed, int longestPiece)
    {
        if (_bytes.Length < bytes.Length)
            _bytes = new byte[bytes.Length];
        bytes.CopyTo(_bytes);
        _length = bytes.Length;
        _longest = longestPiece;
        _random.Restart((ulong)seed, _length);
    }

    protected override int ReadCore(Span<byte> buffer) => Take(buffer, _random.Between(1, _longest));

    protected override long ReadScatteredCore(ReadOnlySpan<HostRange> ranges)
    {
        int piece = _random.Between(1, _longest);
        long total = 0;
        foreach (HostRange range in ranges)
        {
            int count = Take(range.AsSpan(), piece);
            total += count;
            piece -= count;
            if (count < range.LengthBytes)
                break;
        }

        return total;
    }

    protected override void WriteCore(ReadOnlySpan<byte> bytes) => throw new NotSupportedException();

    protected override void WriteCore(ReadOnlySpan<HostRange> ranges) => throw new NotSupportedException();

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
