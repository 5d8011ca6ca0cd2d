namespace Godwit.Migration;

/// <summary>The memory of one payload as a stream, for the runtime's zlib: written from the start, or read to the end.</summary>
internal sealed class PayloadStream : Stream
{
    private Memory<byte> _target;
    private ReadOnlyMemory<byte> _source;
    private int _at;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    /// <summary>Bytes written since <see cref="Begin(Memory{byte})"/>.</summary>
    public override long Position
    {
        get => _at;
        set => throw new NotSupportedException();
    }

    public override long Length => throw new NotSupportedException();

    /// <summary>Bytes written since <see cref="Begin(Memory{byte})"/>.</summary>
    public int Written => _at;

    /// <summary>Bytes not read yet.</summary>
    public int Unread => _source.Length - _at;

    /// <summary>Writes go here.</summary>
    public void Begin(Memory<byte> target)
    {
        _target = target;
        _at = 0;
    }

    /// <summary>Reads come from here.</summary>
    public void Begin(ReadOnlyMemory<byte> source)
    {
        _source = source;
        _at = 0;
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        if (buffer.Length > _target.Length - _at)
            throw new InvalidDataException("compressed pages are longer than a payload may be");
        buffer.CopyTo(_target.Span[_at..]);
        _at += buffer.Length;
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer)
    {
        int count = Math.Min(buffer.Length, Unread);
        _source.Span.Slice(_at, count).CopyTo(buffer);
        _at += count;
        return count;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Flush()
    {
        // Everything is in its place already.
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}
