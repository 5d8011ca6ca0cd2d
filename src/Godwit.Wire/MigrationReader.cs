using System.Buffers.Binary;
using System.Text;
using Godwit.Native;

namespace Godwit.Wire;

/// <summary>Reads a migration stream: big-endian numbers, counted strings, pages, with the position of every byte.</summary>
/// <remarks>For one thread. Does not own its channel.</remarks>
public sealed class MigrationReader
{
    /// <summary>The longest look-ahead, in bytes.</summary>
    public const int MaxPeekBytes = 512;

    private readonly Channel _channel;
    private readonly byte[] _buffer;
    private int _start;
    private int _end;
    private bool _channelEnded;

    /// <summary>Makes a reader whose position 0 is the next byte of <paramref name="channel"/>.</summary>
    /// <param name="channel">Where the bytes come from.</param>
    /// <param name="bufferBytes">Size of the look-ahead buffer, at least <see cref="MaxPeekBytes"/>.</param>
    public MigrationReader(Channel channel, int bufferBytes = 256 * 1024)
    {
        ArgumentNullException.ThrowIfNull(channel);
        ArgumentOutOfRangeException.ThrowIfLessThan(bufferBytes, MaxPeekBytes);
        _channel = channel;
        _buffer = GC.AllocateUninitializedArray<byte>(bufferBytes);
    }

    /// <summary>The channel below.</summary>
    public Channel Channel => _channel;

    /// <summary>Bytes consumed since the reader was made.</summary>
    public long Position { get; private set; }

    /// <summary>The section being read: it goes into every error of this reader.</summary>
    public string? Section { get; set; }

    /// <summary>A reader over a stream of the base library, for files and tests. The stream is not closed by the reader.</summary>
    public static MigrationReader FromStream(Stream stream) => new(new StreamChannel(stream));

    /// <summary>A reader over bytes in memory.</summary>
    public static MigrationReader FromMemory(ReadOnlyMemory<byte> bytes) => new(new ReadOnlyMemoryChannel(bytes), MaxPeekBytes);

    /// <summary>Reads one byte.</summary>
    /// <exception cref="StreamFormatException">The stream ended.</exception>
    public byte ReadByte()
    {
        if (_start == _end)
            Require(1);
        Position++;
        return _buffer[_start++];
    }

    /// <summary>Reads a big-endian 16-bit number.</summary>
    /// <exception cref="StreamFormatException">The stream ended.</exception>
    public ushort ReadUInt16() => BinaryPrimitives.ReadUInt16BigEndian(Take(sizeof(ushort)));

    /// <summary>Reads a big-endian 32-bit number.</summary>
    /// <exception cref="StreamFormatException">The stream ended.</exception>
    public uint ReadUInt32() => BinaryPrimitives.ReadUInt32BigEndian(Take(sizeof(uint)));

    /// <summary>Reads a big-endian 64-bit number.</summary>
    /// <exception cref="StreamFormatException">The stream ended.</exception>
    public ulong ReadUInt64() => BinaryPrimitives.ReadUInt64BigEndian(Take(sizeof(ulong)));

    /// <summary>Reads a length byte and as many bytes, one character each.</summary>
    /// <exception cref="StreamFormatException">The stream ended.</exception>
    public string ReadCountedString()
    {
        int length = ReadByte();
        return length == 0 ? "" : Encoding.Latin1.GetString(Take(length));
    }

    /// <summary>Fills <paramref name="destination"/>.</summary>
    /// <exception cref="StreamFormatException">The stream ended before.</exception>
    public void ReadExactly(Span<byte> destination)
    {
        var length = destination.Length;
        var buffered = Math.Min(length, _end - _start);
        _buffer.AsSpan(_start, buffered).CopyTo(destination);
        _start += buffered;
        Position += buffered;
        if (buffered < length)
            ReadRest(destination[buffered..], length);
    }

    /// <summary>Fills a run of host memory; what is not buffered yet goes there directly.</summary>
    /// <exception cref="StreamFormatException">The stream ended before.</exception>
    public void ReadExactly(HostRange destination)
    {
        var buffered = (int)Math.Min(destination.LengthBytes, _end - _start);
        destination.CopyFrom(_buffer.AsSpan(_start, buffered));
        _start += buffered;
        Position += buffered;
        for (long done = buffered; done < destination.LengthBytes;)
        {
            var piece = destination.Slice(done, Math.Min(destination.LengthBytes - done, 1 << 30));
            if (piece.LengthBytes < _buffer.Length)
            {
                // Short: let the buffer fill as far as it can in the same call.
                Require((int)piece.LengthBytes, destination.LengthBytes);
                piece.CopyFrom(_buffer.AsSpan(_start, (int)piece.LengthBytes));
                _start += (int)piece.LengthBytes;
                Position += piece.LengthBytes;
                return;
            }

            ReadDirect(piece.AsSpan(), destination.LengthBytes);
            done += piece.LengthBytes;
        }
    }

    /// <summary>The byte <paramref name="offset"/> bytes ahead, without consuming anything.</summary>
    /// <param name="offset">0 is the next byte; less than <see cref="MaxPeekBytes"/>.</param>
    /// <param name="value">The byte.</param>
    /// <returns><see langword="false"/> when the stream ends before it.</returns>
    public bool TryPeekByte(int offset, out byte value)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)offset, (uint)MaxPeekBytes, nameof(offset));
        if (TryPeek(offset + 1, out var bytes))
        {
            value = bytes[offset];
            return true;
        }

        value = 0;
        return false;
    }

    /// <summary>The next <paramref name="count"/> bytes, without consuming them; valid until the next call.</summary>
    /// <param name="count">At most <see cref="MaxPeekBytes"/>.</param>
    /// <param name="bytes">The bytes; when the stream ends before, those that are left.</param>
    /// <returns><see langword="false"/> when the stream ends before.</returns>
    public bool TryPeek(int count, out ReadOnlySpan<byte> bytes)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)count, (uint)MaxPeekBytes, nameof(count));
        var enough = TryBuffer(count);
        bytes = _buffer.AsSpan(_start, Math.Min(count, _end - _start));
        return enough;
    }

    /// <summary>Bytes read from the channel and not consumed yet.</summary>
    public int BufferedBytes => _end - _start;

    /// <summary>Most bytes that <see cref="Unread"/> takes back.</summary>
    public int MaxUnreadBytes => _buffer.Length;

    /// <summary>Consumes what has come, straight into several ranges; waits for the first byte.</summary>
    /// <remarks>For a caller that knows what most likely comes next: it verifies that afterwards and gives back what was something else.</remarks>
    /// <param name="ranges">Where to, in order; at most 1024 ranges. Nothing may be buffered.</param>
    /// <returns>Bytes consumed, at least 1.</returns>
    /// <exception cref="InvalidOperationException">Bytes are buffered.</exception>
    /// <exception cref="StreamFormatException">The stream has ended.</exception>
    public long ReadScattered(ReadOnlySpan<HostRange> ranges)
    {
        if (_start != _end)
            throw new InvalidOperationException("Buffered bytes come before what the channel has.");
        var count = _channelEnded ? 0 : _channel.ReadScattered(ranges);
        if (count == 0)
        {
            _channelEnded = true;
            throw EndOfStream(1, 0);
        }

        Position += count;
        return count;
    }

    /// <summary>Gives back bytes that were consumed last: they are read again next.</summary>
    /// <param name="bytes">The bytes; at most <see cref="MaxUnreadBytes"/>, and nothing may be buffered.</param>
    /// <exception cref="InvalidOperationException">Bytes are buffered, or these are too many.</exception>
    public void Unread(ReadOnlySpan<byte> bytes)
    {
        if (_start != _end || bytes.Length > _buffer.Length)
            throw new InvalidOperationException("These bytes cannot be taken back.");
        bytes.CopyTo(_buffer);
        _start = 0;
        _end = bytes.Length;
        Position -= bytes.Length;
    }

    /// <summary>Consumes <paramref name="count"/> bytes without looking at them.</summary>
    /// <exception cref="StreamFormatException">The stream ended before.</exception>
    public void Skip(long count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        for (var left = count; left > 0;)
        {
            if (_start == _end)
                Require(1, count);
            var step = (int)Math.Min(left, _end - _start);
            _start += step;
            Position += step;
            left -= step;
        }
    }

    /// <summary>Whether the stream has no more bytes; waits for the next byte or the end.</summary>
    public bool IsAtEnd() => !TryBuffer(1);

    /// <summary>The file offset of the next byte (seekable channels); setting it moves the reader there.</summary>
    /// <remarks><see cref="Position"/> follows the move, so that it keeps its distance to the file offset.</remarks>
    /// <exception cref="NotSupportedException">The channel is not seekable.</exception>
    public long FilePosition
    {
        get => _channel.FilePosition - (_end - _start);
        set
        {
            var distance = value - FilePosition;
            _channel.FilePosition = value;
            _start = _end = 0;
            _channelEnded = false;
            Position += distance;
        }
    }

    /// <summary>An error at the current place of the stream.</summary>
    /// <param name="reason">What is wrong.</param>
    /// <param name="expected">What would have been right.</param>
    /// <param name="found">What is there.</param>
    /// <param name="at">Offset to report in place of <see cref="Position"/>.</param>
    public StreamFormatException Error(string reason, string? expected = null, string? found = null, long? at = null)
        => new(reason, at ?? Position, Section, expected, found);

    private ReadOnlySpan<byte> Take(int count)
    {
        if (_end - _start < count)
            Require(count);
        var bytes = new ReadOnlySpan<byte>(_buffer, _start, count);
        _start += count;
        Position += count;
        return bytes;
    }

    private void ReadRest(Span<byte> destination, long whole)
    {
        if (destination.Length >= _buffer.Length)
        {
            ReadDirect(destination, whole);
            return;
        }

        Require(destination.Length, whole);
        _buffer.AsSpan(_start, destination.Length).CopyTo(destination);
        _start += destination.Length;
        Position += destination.Length;
    }

    private void ReadDirect(Span<byte> destination, long whole)
    {
        while (!destination.IsEmpty)
        {
            var count = _channelEnded ? 0 : _channel.Read(destination);
            if (count == 0)
            {
                _channelEnded = true;
                throw EndOfStream(whole, null);
            }

            Position += count;
            destination = destination[count..];
        }
    }

    private void Require(int count) => Require(count, count);

    private void Require(int count, long whole)
    {
        if (!TryBuffer(count))
            throw EndOfStream(whole, _end - _start);
    }

    private StreamFormatException EndOfStream(long whole, int? left)
        => Error("unexpected end of stream", $"{whole} bytes", left is null ? null : $"{left} bytes", Position + (left ?? 0));

    /// <summary>Sees to it that <paramref name="count"/> bytes are in the buffer; reads as much as fits while at it.</summary>
    private bool TryBuffer(int count)
    {
        if (_end - _start >= count)
            return true;
        // What is left is less than was asked for: moving it down costs little, and the next read can then fill the whole buffer.
        _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
        _end -= _start;
        _start = 0;
        while (_end - _start < count)
        {
            var read = _channelEnded ? 0 : _channel.Read(_buffer.AsSpan(_end));
            if (read == 0)
            {
                _channelEnded = true;
                return false;
            }

            _end += read;
        }

        return true;
    }
}
