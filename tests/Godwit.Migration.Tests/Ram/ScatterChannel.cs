using Godwit.Native;
using Godwit.Wire;

namespace Godwit.Migration.Tests.Ram;

/// <summary>Gives out bytes in pieces of random length, as a socket does, also into several ranges.</summary>
internal sealed class ScatterChannel(byte[] bytes, Random random, int longestPiece) : Channel("scatter")
{
    private int _position;

    public override bool CanScatter => true;

    public long ScatteredBytes { get; private set; }

    protected override int ReadCore(Span<byte> buffer) => Take(buffer, Piece());

    protected override long ReadScatteredCore(ReadOnlySpan<HostRange> ranges)
    {
        int piece = Piece();
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

    protected override void WriteCore(ReadOnlySpan<byte> span) => throw new NotSupportedException();

    protected override void WriteCore(ReadOnlySpan<HostRange> ranges) => throw new NotSupportedException();

    protected override void ShutdownCore()
    {
    }

    private int Piece() => random.Next(1, longestPiece + 1);

    private int Take(Span<byte> buffer, int most)
    {
        int count = Math.Min(Math.Min(buffer.Length, most), bytes.Length - _position);
        bytes.AsSpan(_position, count).CopyTo(buffer);
        _position += count;
        return count;
    }
}
