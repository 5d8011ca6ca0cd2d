using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Godwit.Wire;

namespace Godwit.Snapshot;

/// <summary>A stream file under inspection: positioned reads from a bounded buffer, and seeking where it is needed.</summary>
/// <remarks>
/// A pipe is read forward only, until <see cref="MakeSeekable"/> spools what is left of it into a temporary file: the
/// description that explains the device sections stands after them.
/// </remarks>
internal sealed class StreamSource : IDisposable
{
    private const int BufferBytes = 128 * 1024;
    private const int LeastBufferBytes = 4096;

    private readonly byte[] _buffer;
    private Stream _stream;
    private FileStream? _spool;
    private long _spoolBase;
    private long _bufferPosition;
    private int _bufferStart;
    private int _bufferEnd;

    public StreamSource(Stream stream, long startOffset)
    {
        _stream = stream;
        IsSeekable = stream.CanSeek;

        // A file that fits needs no more than its length.
        _buffer = new byte[IsSeekable ? Math.Clamp(stream.Length - startOffset, LeastBufferBytes, BufferBytes) : BufferBytes];
        if (IsSeekable)
            stream.Position = startOffset;
        else
            SkipInPipe(startOffset);
        StartOffset = startOffset;
        _bufferPosition = startOffset;
    }

    /// <summary>Offset of the first byte in the file.</summary>
    public long StartOffset { get; }

    /// <summary>File offset of the next byte.</summary>
    public long Position => _bufferPosition + _bufferStart;

    public bool IsSeekable { get; private set; }

    /// <summary>Length of the file; known when it can seek.</summary>
    public long? Length => IsSeekable ? _spoolBase + _stream.Length : null;

    /// <summary>Name of the section being read, for errors.</summary>
    public string? Section { get; set; }

    public byte ReadByte()
    {
        Ensure(1);
        return _buffer[_bufferStart++];
    }

    public ushort ReadUInt16() => BinaryPrimitives.ReadUInt16BigEndian(Take(sizeof(ushort)));

    public uint ReadUInt32() => BinaryPrimitives.ReadUInt32BigEndian(Take(sizeof(uint)));

    public ulong ReadUInt64() => BinaryPrimitives.ReadUInt64BigEndian(Take(sizeof(ulong)));

    /// <summary>A length byte and as many bytes, one character each.</summary>
    public string ReadCountedString()
    {
        int length = ReadByte();
        return Encoding.Latin1.GetString(Take(length));
    }

    /// <summary>Reads bytes whose number has been checked against a limit; memory follows what is really there.</summary>
    public byte[] ReadBytes(int count)
    {
        CheckRemaining(count);
        if (count <= BufferBytes)
            return Take(count).ToArray();

        using var collected = new MemoryStream();
        for (int left = count; left > 0;)
        {
            int piece = Math.Min(left, BufferBytes);
            collected.Write(Take(piece));
            left -= piece;
        }

        return collected.ToArray();
    }

    /// <summary>The next bytes, valid until the next call; at most the buffer's size.</summary>
    public ReadOnlySpan<byte> Take(int count)
    {
        Ensure(count);
        ReadOnlySpan<byte> bytes = _buffer.AsSpan(_bufferStart, count);
        _bufferStart += count;
        return bytes;
    }

    /// <summary>Looks at the next bytes; fewer at the end.</summary>
    public ReadOnlySpan<byte> Peek(int count)
    {
        Fill(count);
        return _buffer.AsSpan(_bufferStart, Math.Min(count, _bufferEnd - _bufferStart));
    }

    public bool IsAtEnd() => Peek(1).IsEmpty;

    /// <summary>Passes over bytes; the end of the file in between is an error.</summary>
    public void Skip(long count)
    {
        if (count <= _bufferEnd - _bufferStart)
        {
            _bufferStart += (int)count;
            return;
        }

        CheckRemaining(count);
        if (IsSeekable)
        {
            Seek(Position + count);
            return;
        }

        while (count > 0)
        {
            int piece = (int)Math.Min(count, BufferBytes);
            Take(piece);
            count -= piece;
        }
    }

    /// <summary>Goes to an offset of a seekable file.</summary>
    public void Seek(long offset)
    {
        long ahead = offset - _bufferPosition;
        if (ahead >= 0 && ahead <= _bufferEnd)
        {
            _bufferStart = (int)ahead;
            return;
        }

        _stream.Position = offset - _spoolBase;
        _bufferPosition = offset;
        _bufferStart = 0;
        _bufferEnd = 0;
    }

    /// <summary>Spools the rest of a pipe, so that it can be read again.</summary>
    public void MakeSeekable()
    {
        if (IsSeekable)
            return;
        var spool = new FileStream(
            Path.Combine(Path.GetTempPath(), "godwit-" + Guid.NewGuid().ToString("N") + ".spool"),
            FileMode.CreateNew,
            FileAccess.ReadWrite,
            FileShare.None,
            BufferBytes,
            FileOptions.DeleteOnClose);
        _spool = spool;
        long position = Position;
        spool.Write(_buffer, _bufferStart, _bufferEnd - _bufferStart);
        _stream.CopyTo(spool);
        spool.Position = 0;
        _stream = spool;
        _spoolBase = position;
        _bufferPosition = position;
        _bufferStart = 0;
        _bufferEnd = 0;
        IsSeekable = true;
    }

    public StreamFormatException Error(string reason, string? expected = null, string? found = null, long? at = null) =>
        new(reason, at ?? Position, Section, expected, found);

    public void Dispose() => _spool?.Dispose();

    private void Ensure(int count)
    {
        Fill(count);
        if (_bufferEnd - _bufferStart < count)
            throw EndOfStream(count, _bufferEnd - _bufferStart);
    }

    private void CheckRemaining(long count)
    {
        if (Length is long length && count > length - Position)
            throw EndOfStream(count, length - Position);
    }

    private StreamFormatException EndOfStream(long wanted, long available) => Error(
        "unexpected end of stream",
        wanted.ToString(CultureInfo.InvariantCulture) + " more bytes",
        available.ToString(CultureInfo.InvariantCulture),
        Position + available);

    private void Fill(int count)
    {
        if (_bufferEnd - _bufferStart >= count)
            return;
        _buffer.AsSpan(_bufferStart, _bufferEnd - _bufferStart).CopyTo(_buffer);
        _bufferPosition += _bufferStart;
        _bufferEnd -= _bufferStart;
        _bufferStart = 0;
        while (_bufferEnd < count)
        {
            int read = _stream.Read(_buffer, _bufferEnd, _buffer.Length - _bufferEnd);
            if (read == 0)
                return;
            _bufferEnd += read;
        }
    }

    private void SkipInPipe(long count)
    {
        while (count > 0)
        {
            int read = _stream.Read(_buffer, 0, (int)Math.Min(count, _buffer.Length));
            if (read == 0)
                throw Error("unexpected end of stream", "the start offset inside the input", null, 0);
            count -= read;
        }
    }
}
