using Godwit.Native;

namespace Godwit.Wire;

/// <summary>A connected stream socket (tcp, unix, or passed by the monitor).</summary>
/// <remarks>
/// Calls block in the kernel, so that one large vectored write is one system call; the kernel's own shutdown wakes them.
/// </remarks>
internal sealed class SocketChannel(FileDescriptor socket, string description) : DescriptorChannel(description)
{
    public override bool CanPeek => true;

    public override bool HasReturnPath => true;

    public override bool CanScatter => true;

    public override TimeSpan? ReadTimeout
    {
        set
        {
            base.ReadTimeout = value;
            Sockets.SetReceiveTimeout(socket, value);
        }
    }

    public override TimeSpan? WriteTimeout
    {
        set
        {
            base.WriteTimeout = value;
            Sockets.SetSendTimeout(socket, value);
        }
    }

    public override void LimitUnsent(int bytes) => Sockets.LimitUnsent(socket, bytes);

    protected override string Kind => "socket";

    protected override long ReadSome(Span<byte> buffer) => Sockets.Receive(socket, buffer);

    protected override long ReadScatteredCore(ReadOnlySpan<HostRange> ranges)
    {
        var count = socket.Read(ranges);
        return count >= 0 ? count : throw ReadError((int)-count);
    }

    protected override long WriteSome(ReadOnlySpan<byte> bytes) => Sockets.Send(socket, bytes);

    protected override long WriteSome(ReadOnlySpan<HostRange> ranges, long fileOffset) => Sockets.Send(socket, ranges);

    protected override int PeekCore(Span<byte> buffer)
    {
        var count = Sockets.Peek(socket, buffer);
        return count >= 0 ? (int)count : throw ReadError((int)-count);
    }

    protected override void FinishWritingCore()
    {
        var result = Sockets.ShutdownSend(socket);
        if (result < 0)
            throw WriteError((int)-result);
    }

    protected override void ShutdownCore()
    {
        try
        {
            Sockets.Shutdown(socket);
        }
        catch (ObjectDisposedException)
        {
            // Closed is shut down.
        }
    }

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (disposing)
            socket.Dispose();
    }
}
