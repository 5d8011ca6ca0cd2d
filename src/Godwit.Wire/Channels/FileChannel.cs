using Godwit.Native;

namespace Godwit.Wire;

/// <summary>A file, written or read from a position that the channel keeps itself; positioned transfers go beside it.</summary>
internal sealed class FileChannel : DescriptorChannel
{
    private readonly FileDescriptor _file;
    private readonly bool _isSeekable;
    private readonly PendingFile? _pending;
    private long _position;

    public FileChannel(FileDescriptor file, long position, string description, bool isSeekable = true, PendingFile? pending = null)
        : base(description)
    {
        _file = file;
        _position = position;
        _isSeekable = isSeekable;
        _pending = pending;
    }

    /// <summary>Where the file can be opened once more; null for what its user opened.</summary>
    public string? Path => _pending?.Path;

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

    protected override void FinishWritingCore()
    {
        try
        {
            if (_pending is { } pending && !pending.Keep())
                throw WriteError(Errno.ESHUTDOWN);
        }
        catch (ErrnoException e)
        {
            FileSystem.Remove(_pending!.Path);
            throw ChannelException.FromErrno(Description, "Could not give the file its name", e.Errno, e);
        }
    }

    // A file never makes a thread wait for a peer, so that there is nobody to wake.
    protected override void ShutdownCore() => _pending?.Drop(_file, isClosing: false);

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (!disposing)
            return;
        if (!_file.IsClosed)
            _pending?.Drop(_file, isClosing: true);
        _file.Dispose();
    }
}
