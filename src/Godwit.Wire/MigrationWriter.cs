using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Godwit.Native;

namespace Godwit.Wire;

/// <summary>Writes a migration stream: small items through a buffer, guest pages by reference, all in the order of the calls.</summary>
/// <remarks>
/// For one thread. Does not own its channel. Small items and referenced ranges are gathered into one vectored write;
/// a referenced range is read when that write happens, at the latest in <see cref="Flush"/>. Nothing is allocated per call.
/// </remarks>
public sealed class MigrationWriter
{
    /// <summary>The most ranges in one vectored write (<c>IOV_MAX</c>).</summary>
    private const int MaxRanges = 1024;

    /// <summary>Queued bytes at which the writer flushes by itself: large enough to make the system call cheap, small enough to stay in cache.</summary>
    private const long FlushAtBytes = 512 * 1024;

    private readonly Channel _channel;
    private readonly RateLimiter? _limiter;
    private readonly byte[] _buffer;
    private readonly nint _bufferAddress;
    private readonly HostRange[] _ranges = new HostRange[MaxRanges];
    private int _rangeCount;
    private int _runStart;
    private int _fill;
    private long _referencedBytes;
    private long _flushedBytes;
    private long _seekDistance;

    /// <summary>Makes a writer whose position 0 is the next byte of <paramref name="channel"/>.</summary>
    /// <param name="channel">Where the bytes go.</param>
    /// <param name="limiter">Is told of every byte that leaves; the writer itself never waits for it.</param>
    /// <param name="bufferBytes">Size of the buffer for small items, at least 512.</param>
    public MigrationWriter(Channel channel, RateLimiter? limiter = null, int bufferBytes = 64 * 1024)
    {
        ArgumentNullException.ThrowIfNull(channel);
        ArgumentOutOfRangeException.ThrowIfLessThan(bufferBytes, 512);
        _channel = channel;
        _limiter = limiter;
        _buffer = GC.AllocateUninitializedArray<byte>(bufferBytes, pinned: true);
        _bufferAddress = Marshal.UnsafeAddrOfPinnedArrayElement(_buffer, 0);
    }

    /// <summary>The channel below.</summary>
    public Channel Channel => _channel;

    /// <summary>Bytes written since the writer was made, whether they have left or not.</summary>
    public long Position => _flushedBytes + _referencedBytes + _fill + _seekDistance;

    /// <summary>The file offset of the next byte (seekable channels); setting it flushes and moves there.</summary>
    /// <remarks><see cref="Position"/> follows the move, so that it keeps its distance to the file offset.</remarks>
    /// <exception cref="NotSupportedException">The channel is not seekable.</exception>
    public long FilePosition
    {
        get => _channel.FilePosition + _referencedBytes + _fill;
        set
        {
            Flush();
            _seekDistance += value - _channel.FilePosition;
            _channel.FilePosition = value;
        }
    }

    /// <summary>A writer that collects the stream in memory; complete after <see cref="Flush"/>.</summary>
    public static MigrationWriter ToMemory(IBufferWriter<byte> target) => new(new BufferWriterChannel(target));

    /// <summary>A writer onto a stream of the base library, for files and tests. The stream is not closed by the writer.</summary>
    public static MigrationWriter ToStream(Stream stream) => new(new StreamChannel(stream));

    /// <summary>Writes one byte.</summary>
    public void WriteByte(byte value)
    {
        if (_fill == _buffer.Length)
            Flush();
        _buffer[_fill++] = value;
    }

    /// <summary>Writes a big-endian 16-bit number.</summary>
    public void WriteUInt16(ushort value) => BinaryPrimitives.WriteUInt16BigEndian(Reserve(sizeof(ushort)), value);

    /// <summary>Writes a big-endian 32-bit number.</summary>
    public void WriteUInt32(uint value) => BinaryPrimitives.WriteUInt32BigEndian(Reserve(sizeof(uint)), value);

    /// <summary>Writes a big-endian 64-bit number.</summary>
    public void WriteUInt64(ulong value) => BinaryPrimitives.WriteUInt64BigEndian(Reserve(sizeof(ulong)), value);

    /// <summary>Writes bytes, copying them at once.</summary>
    public void Write(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > _buffer.Length)
        {
            Flush();
            _channel.Write(bytes);
            _flushedBytes += bytes.Length;
            _limiter?.Account(bytes.Length);
            return;
        }

        bytes.CopyTo(Reserve(bytes.Length));
    }

    /// <summary>Writes a length byte and the characters, one byte each.</summary>
    /// <exception cref="ArgumentException">The text is longer than 255 characters or has one above U+00FF.</exception>
    public void WriteCountedString(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (text.Length > byte.MaxValue)
            throw new ArgumentException("A counted string has at most 255 characters.", nameof(text));
        if (text.AsSpan().ContainsAnyExceptInRange('\0', '\u00ff'))
            throw new ArgumentException("A counted string has one byte per character.", nameof(text));
        var bytes = Reserve(text.Length + 1);
        bytes[0] = (byte)text.Length;
        Encoding.Latin1.GetBytes(text, bytes[1..]);
    }

    /// <summary>Queues a run of host memory without copying it.</summary>
    /// <remarks>
    /// The memory has to stay valid until <see cref="Flush"/> returns. Its bytes are read between this call and then;
    /// a guest that stores meanwhile dirties the page again, and the page is sent again.
    /// </remarks>
    public void WriteByReference(HostRange range)
    {
        if (range.LengthBytes == 0)
            return;
        // One slot for the bytes buffered before the range, one for the range, one for those after it.
        if (_rangeCount > MaxRanges - 3)
            Flush();
        CloseRun();
        _ranges[_rangeCount++] = range;
        _referencedBytes += range.LengthBytes;
        if (_referencedBytes + _fill >= FlushAtBytes)
            Flush();
    }

    /// <summary>Hands everything queued to the channel.</summary>
    /// <exception cref="ChannelException">The channel failed or was shut down.</exception>
    public void Flush()
    {
        CloseRun();
        if (_rangeCount == 0)
            return;
        var ranges = _ranges.AsSpan(0, _rangeCount);
        var bytes = _referencedBytes + _fill;
        _rangeCount = 0;
        _runStart = _fill = 0;
        _referencedBytes = 0;
        _flushedBytes += bytes;
        _channel.Write(ranges);
        GC.KeepAlive(_buffer);
        _limiter?.Account(bytes);
    }

    private Span<byte> Reserve(int count)
    {
        if (_buffer.Length - _fill < count)
            Flush();
        var space = _buffer.AsSpan(_fill, count);
        _fill += count;
        return space;
    }

    private void CloseRun()
    {
        if (_fill == _runStart)
            return;
        _ranges[_rangeCount++] = new HostRange(_bufferAddress + _runStart, _fill - _runStart);
        _runStart = _fill;
    }
}
