using Godwit.Native;

namespace Godwit.Wire;

/// <summary>A file, written or read from a position that the channel keeps itself; positioned transfers go beside it.</summary>
internal sealed class FileChannel : DescriptorChannel
{
    private readonly FileDescriptor _file;
    private readonly bool _isSeekable;
    private long _position;

    public FileChannel(FileDescriptor file, long position, string description, bool isSeekable = true)
        : base(description)
    {
        _file = file;
        _position = position;
        _isSeekable = isSeekable;
    }

    public override bool IsSeekable => _isSeekable;

    public override long FilePosition
    {
        get => Interlocked.Read(ref _position);
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            Interlocked.Exchange(ref _position, value);
        }
    }

    protected override string Kind => "file";

    protected override long ReadSome(Span<byte> buffer)
    {
        var count = _file.ReadAt(_position, buffer);
        if (count > 0)
            _position += count;
        return count;
    }

    protected override long WriteSome(ReadOnlySpan<byte> bytes)
    {
        var count = _file.WriteAt(_position, bytes);
        if (count > 0)
            _position += count;
        return count;
    }

    protected override long WriteSome(ReadOnlySpan<HostRange> ranges, long fileOffset) => _file.WriteAt(fileOffset, ranges);

    protected override void WriteCore(ReadOnlySpan<HostRange> ranges)
    {
        WriteAll(ranges, _position);
        _position += TotalBytes(ranges);
    }

    protected override void WriteAtCore(long fileOffset, ReadOnlySpan<HostRange> ranges) => WriteAll(ranges, fileOffset);

    protected override long ReadAtCore(long fileOffset, HostRange range)
    {
        long done = 0;
        while (done < range.LengthBytes)
        {
            var count = _file.ReadAt(fileOffset + done, range.Slice(done));
            if (count < 0)
                throw ReadError((int)-count);
            if (count == 0)
                break;
            done += count;
        }

        return done;
    }

    protected override void ShutdownCore()
    {
        // A file never makes a thread wait for a peer.
    }

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (disposing)
            _file.Dispose();
    }
}
