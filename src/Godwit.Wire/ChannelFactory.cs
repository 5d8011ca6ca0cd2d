using System.Globalization;
using Godwit.Native;

namespace Godwit.Wire;

/// <summary>Opens channels: as the source of a migration, or as its destination.</summary>
public static class ChannelFactory
{
    private const string FdSetPrefix = "/dev/fdset/";

    /// <summary>
    /// Opens the source's end. A file that exists is cut off at the offset; one that does not gets its name in <see cref="Channel.FinishWriting"/>, and a
    /// file that is closed before is not left behind.
    /// </summary>
    /// <param name="address">Where to.</param>
    /// <param name="fds">The monitor's descriptors, for <c>fd:</c> and <c>/dev/fdset</c>.</param>
    /// <param name="cancellationToken">Ends the wait for a connection.</param>
    /// <exception cref="ChannelException">It cannot be opened; the message is the one QEMU gives.</exception>
    /// <exception cref="OperationCanceledException">The wait was ended.</exception>
    public static Channel Connect(MigrationAddress address, IFdResolver? fds = null, CancellationToken cancellationToken = default)
        => address switch
        {
            TcpAddress tcp => SocketConnector.Connect(tcp, cancellationToken),
            UnixAddress unix => SocketConnector.Connect(unix, cancellationToken),
            ExecAddress exec => ExecChannel.Start(exec, writes: true),
            FdAddress fd => OpenFd(fd, fds),
            FileAddress file => OpenFile(file, fds, forWriting: true),
            _ => throw new ArgumentException("The address is of no known kind.", nameof(address)),
        };

    /// <summary>Opens the destination's end.</summary>
    /// <param name="address">Where connections come in, or what is read.</param>
    /// <param name="fds">The monitor's descriptors, for <c>fd:</c> and <c>/dev/fdset</c>.</param>
    /// <param name="backlog">Connections that may wait to be accepted.</param>
    /// <exception cref="ChannelException">It cannot be opened; the message is the one QEMU gives.</exception>
    public static IChannelListener Listen(MigrationAddress address, IFdResolver? fds = null, int backlog = 1)
        => address switch
        {
            TcpAddress tcp => SocketListener.Listen(tcp, backlog),
            UnixAddress unix => SocketListener.Listen(unix, backlog),
            ExecAddress exec => new SingleChannelListener(exec, ExecChannel.Start(exec, writes: false)),
            FdAddress fd => new SingleChannelListener(fd, OpenFd(fd, fds)),
            FileAddress file => new SingleChannelListener(file, OpenFile(file, fds, forWriting: false), () => OpenFile(file, fds, forWriting: false)),
            _ => throw new ArgumentException("The address is of no known kind.", nameof(address)),
        };

    /// <summary>Opens a further channel of a file that is open already: nothing is cut off (multifd with mapped-ram).</summary>
    /// <param name="address">The file.</param>
    /// <param name="fds">The monitor's descriptors, for <c>/dev/fdset</c>.</param>
    /// <param name="forWriting">The direction.</param>
    /// <param name="direct">Past the page cache: everything on this channel has to be aligned.</param>
    /// <param name="main">The channel on which the file is being written; null when it has its name already.</param>
    /// <exception cref="ChannelException">It cannot be opened.</exception>
    public static Channel OpenAdditional(FileAddress address, IFdResolver? fds = null, bool forWriting = true, bool direct = false, Channel? main = null)
    {
        ArgumentNullException.ThrowIfNull(address);
        if (main is FileChannel { Path: { } path })
            address = address with { Path = path };
        return OpenFile(address, fds, forWriting, truncate: false, direct);
    }

    private static FileChannel OpenFile(FileAddress address, IFdResolver? fds, bool forWriting, bool truncate = true, bool direct = false)
    {
        var doing = $"Could not {(forWriting ? "create" : "open")} '{address.Path}'";
        FileDescriptor? file = null;
        PendingFile? pending = null;
        try
        {
            if (address.Path.Contains('\0', StringComparison.Ordinal))
                throw new ErrnoException("open", Errno.EINVAL);
            if (forWriting && truncate)
                pending = PendingFile.At(address, IsFdSet(address));
            file = pending is { IsNew: true } ? FileDescriptor.CreateNew(pending.Path) : OpenPath(address, fds, forWriting, direct);
            if (pending is not null)
            {
                doing = $"Failed to truncate migration file to offset 0x{address.Offset:x}";
                file.SetLength(address.Offset);
            }

            return new FileChannel(file, address.Offset, address.ToUri(), pending: pending);
        }
        catch (ErrnoException e)
        {
            if (file is not null)
                pending?.Drop(file, isClosing: true);
            file?.Dispose();
            throw ChannelException.FromErrno(address.ToUri(), doing, e.Errno, e);
        }
    }

    private static bool IsFdSet(FileAddress address) => address.Path.StartsWith(FdSetPrefix, StringComparison.Ordinal);

    private static FileDescriptor OpenPath(FileAddress address, IFdResolver? fds, bool forWriting, bool direct)
    {
        if (IsFdSet(address))
        {
            var found = int.TryParse(address.Path.AsSpan(FdSetPrefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var set)
                ? fds?.OpenFdSet(set, forWriting, direct)
                : null;
            return found ?? throw new ErrnoException("open", Errno.ENOENT);
        }

        return forWriting ? FileDescriptor.OpenWrite(address.Path, direct) : FileDescriptor.OpenRead(address.Path, direct);
    }

    private static Channel OpenFd(FdAddress address, IFdResolver? fds)
    {
        var uri = address.ToUri();
        var descriptor = fds?.TakeFd(address.Name)
            ?? throw new ChannelException(uri, $"File descriptor named '{address.Name}' has not been found");
        try
        {
            if (descriptor.IsSocket)
            {
                // The one who passed it may have used it without blocking; a channel relies on calls that wait.
                descriptor.SetNonBlocking(false);
                Sockets.SetNoDelay(descriptor);
                return new SocketChannel(descriptor, uri);
            }

            return descriptor.HasPosition
                ? new FileChannel(descriptor, descriptor.GetPosition(), uri, isSeekable: false)
                : new PipeChannel(descriptor, uri);
        }
        catch (ErrnoException e)
        {
            descriptor.Dispose();
            throw ChannelException.FromErrno(uri, $"File descriptor named '{address.Name}' cannot be used", e.Errno, e);
        }
    }
}
