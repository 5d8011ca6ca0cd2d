using System.Buffers;
using Godwit.Native;

namespace Godwit.Wire;

/// <summary>A channel that collects what is written and gives nothing.</summary>
internal sealed class BufferWriterChannel(IBufferWriter<byte> target) : Channel("memory")
{
    protected override int ReadCore(Span<byte> buffer) => 0;

    protected override void WriteCore(ReadOnlySpan<byte> bytes) => target.Write(bytes);

    protected override void WriteCore(ReadOnlySpan<HostRange> ranges)
    {
        foreach (var range in ranges)
        {
            for (long done = 0; done < range.LengthBytes;)
            {
                var piece = (int)Math.Min(range.LengthBytes - done, 1 << 20);
                var space = target.GetSpan(piece);
                range.Slice(done, piece).CopyTo(space);
                target.Advance(piece);
                done += piece;
            }
        }
    }

    protected override void ShutdownCore()
    {
    }
}
