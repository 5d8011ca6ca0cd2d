using Godwit.Native;

namespace Godwit.Wire;

/// <summary>A channel over a stream of the base library, for files and tests.</summary>
internal sealed class StreamChannel(Stream stream) : Channel("stream")
{
    public override bool IsSeekable => stream.CanSeek;

    public override long FilePosition
    {
        get => stream.Position;
        set => stream.Position = value;
    }

    protected override int ReadCore(Span<byte> buffer)
    {
        try
        {
            return stream.Read(buffer);
        }
        catch (IOException e)
        {
            throw new ChannelException(Description, e.Message, innerException: e);
        }
    }

    protected override void WriteCore(ReadOnlySpan<byte> bytes)
    {
        try
        {
            stream.Write(bytes);
        }
        catch (IOException e)
        {
            throw new ChannelException(Description, e.Message, innerException: e);
        }
    }

    protected override void WriteCore(ReadOnlySpan<HostRange> ranges)
    {
        foreach (var range in ranges)
            WriteCore(range.AsSpan());
    }

    protected override void ShutdownCore()
    {
    }
}
