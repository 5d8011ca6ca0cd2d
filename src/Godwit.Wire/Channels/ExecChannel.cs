using Godwit.Native;

namespace Godwit.Wire;

/// <summary>A command on a pipe: its input (source) or its output (destination). A command that fails is an error of the channel.</summary>
internal sealed class ExecChannel : PipeChannel
{
    /// <summary>How long a command may take to finish its own work after its input has ended.</summary>
    private const int FinishMilliseconds = 60_000;

    /// <summary>How long to wait for the status of a command that has just closed its pipe.</summary>
    private const int StatusMilliseconds = 1_000;

    private readonly ChildProcess _command;
    private readonly bool _writes;

    private ExecChannel(ChildProcess command, bool writes, string description)
        : base(command.Pipe, description)
    {
        _command = command;
        _writes = writes;
    }

    protected override string Kind => "command";

    /// <summary>Starts the command.</summary>
    /// <exception cref="ChannelException">It cannot be started.</exception>
    public static ExecChannel Start(ExecAddress address, bool writes)
    {
        ChildProcess command;
        try
        {
            command = writes ? ChildProcess.StartWithInput(address.Args) : ChildProcess.StartWithOutput(address.Args);
        }
        catch (ErrnoException e)
        {
            throw new ChannelException(
                address.ToUri(), $"Failed to execute child process “{address.Args[0]}” ({ErrnoException.Describe(e.Errno)})", e.Errno, e);
        }

        try
        {
            return new ExecChannel(command, writes, address.ToUri());
        }
        catch
        {
            command.Dispose();
            throw;
        }
    }

    protected override int ReadCore(Span<byte> buffer)
    {
        var count = base.ReadCore(buffer);
        // The end of the output is the end of the stream only if the command says that it did its work.
        if (count == 0 && _command.WaitForExit(StatusMilliseconds, ShutdownEvent) && _command.DescribeFailure() is { } failure)
            throw new ChannelException(Description, $"Unable to read from {Kind}: {failure}", Errno.EIO);
        return count;
    }

    protected override ChannelException WriteError(int errno)
        => errno == Errno.EPIPE && _command.WaitForExit(StatusMilliseconds, ShutdownEvent) && _command.DescribeFailure() is { } failure
            ? new ChannelException(Description, $"Unable to write to {Kind}: {ErrnoException.Describe(errno)} ({failure})", errno)
            : base.WriteError(errno);

    protected override void FinishWritingCore()
    {
        if (!_writes)
            return;
        base.FinishWritingCore();
        if (!_command.WaitForExit(FinishMilliseconds, ShutdownEvent))
            throw ChannelException.FromErrno(Description, "The command did not end", Errno.ETIMEDOUT);
        if (_command.DescribeFailure() is { } failure)
            throw new ChannelException(Description, $"The {failure}", Errno.EIO);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            // A writer that was not finished: the end of the input comes now, and the command gets a moment to see it.
            _command.Pipe.Dispose();
            if (!IsShutDown)
                _command.WaitForExit(StatusMilliseconds);
            _command.Dispose();
        }

        base.Dispose(disposing);
    }
}
