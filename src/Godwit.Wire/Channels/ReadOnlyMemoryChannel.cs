using Godwit.Native;

namespace Godwit.Wire;

/// <summary>A channel that gives the bytes of a memory and takes none.</summary>
internal sealed class ReadOnlyMemoryChannel(ReadOnlyMemory<byte> bytes) : Channel("memory")
{
    private int _position;

    public override bool IsSeekable => true;

    public override long FilePosition
    {
        get => _position;
        set => _position = (int)Math.Clamp(value, 0, bytes.Length);
    }

    protected override int ReadCore(Span<byte> buffer)
    {
        var count = Math.Min(buffer.Length, bytes.Length - _position);
        bytes.Span.Slice(_position, count).CopyTo(buffer);
        _position += count;
        return count;
    }

    protected override long ReadAtCore(long fileOffset, HostRange range)
    {
        var offset = (int)Math.Clamp(fileOffset, 0, bytes.Length);
        var count = (int)Math.Min(range.LengthBytes, bytes.Length - offset);
        range.CopyFrom(bytes.Span.Slice(offset, count));
        return count;
    }

    protected override void WriteCore(ReadOnlySpan<byte> written) => throw new NotSupportedException("The memory is read-only.");

    protected override void WriteCore(ReadOnlySpan<HostRange> ranges) => throw new NotSupportedException("The memory is read-only.");

    protected override void ShutdownCore()
    {
    }
}
