using Godwit.Native;

namespace Godwit.Wire;

/// <summary>One end of a pipe: the descriptor is made non-blocking, and waits end when the channel is shut down.</summary>
internal class PipeChannel : DescriptorChannel
{
    /// <summary>A pipe holds 64 KiB by default; more saves changes between the two processes.</summary>
    private const int PipeBytes = 1 << 20;

    private readonly FileDescriptor _pipe;
    private readonly WakeEvent _wake = new();
    private readonly FileAccessMode _mode;

    public PipeChannel(FileDescriptor pipe, string description)
        : base(description)
    {
        _pipe = pipe;
        try
        {
            _mode = pipe.AccessMode;
            pipe.SetNonBlocking(true);
            pipe.RequestPipeCapacity(PipeBytes);
        }
        catch
        {
            _wake.Dispose();
            throw;
        }
    }

    public override bool HasReturnPath => _mode == FileAccessMode.ReadWrite;

    protected override string Kind => "pipe";

    protected WakeEvent ShutdownEvent => _wake;

    protected override long ReadSome(Span<byte> buffer)
    {
        while (true)
        {
            var count = _pipe.Read(buffer);
            if (count != -Errno.EAGAIN)
                return count;
            if (_wake.WaitFor(_pipe, forWriting: false, ReadTimeout) is not 0 and var error)
                return -error;
        }
    }

    protected override long WriteSome(ReadOnlySpan<byte> bytes)
    {
        while (true)
        {
            var count = _pipe.Write(bytes);
            if (count != -Errno.EAGAIN)
                return count;
            if (_wake.WaitFor(_pipe, forWriting: true, WriteTimeout) is not 0 and var error)
                return -error;
        }
    }

    protected override long WriteSome(ReadOnlySpan<HostRange> ranges, long fileOffset)
    {
        while (true)
        {
            var count = _pipe.Write(ranges);
            if (count != -Errno.EAGAIN)
                return count;
            if (_wake.WaitFor(_pipe, forWriting: true, WriteTimeout) is not 0 and var error)
                return -error;
        }
    }

    protected override void FinishWritingCore()
    {
        if (_mode == FileAccessMode.Write)
            _pipe.Dispose();
    }

    protected override void ShutdownCore() => _wake.Set();

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (disposing)
        {
            _pipe.Dispose();
            _wake.Dispose();
        }
    }
}
