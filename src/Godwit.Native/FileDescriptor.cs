using System.Runtime.InteropServices;
using Godwit.Native.Linux;

namespace Godwit.Native;

/// <summary>An owned file descriptor of any kind (file, pipe, socket, memory file), closed on dispose.</summary>
/// <remarks>
/// All descriptors that this project opens are closed on <c>exec</c>. Calls are repeated when a signal interrupts them.
/// The transfer calls return the number of bytes, or the negated error number: their failures are often expected.
/// A descriptor that is disposed while a call is inside it is closed when the call returns.
/// </remarks>
public sealed class FileDescriptor : SafeHandle
{
    /// <summary>Takes ownership of the descriptor <paramref name="number"/>.</summary>
    public FileDescriptor(int number)
        : base(-1, ownsHandle: true)
        => SetHandle(number);

    /// <inheritdoc/>
    public override bool IsInvalid => handle == -1;

    /// <summary>The descriptor's number.</summary>
    public int Number => (int)handle;

    /// <summary>What the descriptor is open for.</summary>
    /// <exception cref="ErrnoException">The descriptor is not open.</exception>
    public FileAccessMode AccessMode => (FileAccessMode)(Control("fcntl(F_GETFL)", Fcntl.F_GETFL, 0) & Fcntl.O_ACCMODE);

    /// <summary>Whether the descriptor is a stream socket.</summary>
    public bool IsSocket => Sockets.TryGetOption(this, SysSocket.SOL_SOCKET, SysSocket.SO_TYPE, out _);

    /// <summary>Whether the descriptor has a position (a file, not a pipe or a socket).</summary>
    public bool HasPosition => Unistd.lseek(this, 0, Unistd.SEEK_CUR) >= 0;

    /// <summary>Whether transfers go past the page cache; memory, lengths and offsets then have to be aligned.</summary>
    /// <exception cref="ErrnoException">The descriptor is not open.</exception>
    public bool IsDirect => (Control("fcntl(F_GETFL)", Fcntl.F_GETFL, 0) & Fcntl.O_DIRECT) != 0;

    /// <summary>Opens an existing file for reading.</summary>
    /// <param name="path">The file.</param>
    /// <param name="direct">Past the page cache; not every file system can do that.</param>
    /// <exception cref="ErrnoException">The kernel refused.</exception>
    public static FileDescriptor OpenRead(string path, bool direct = false) => Open(path, Fcntl.O_RDONLY | (direct ? Fcntl.O_DIRECT : 0), 0);

    /// <summary>Opens a file for writing, making it with mode 0600 if it does not exist. Nothing is cut off.</summary>
    /// <param name="path">The file.</param>
    /// <param name="direct">Past the page cache; not every file system can do that.</param>
    /// <exception cref="ErrnoException">The kernel refused.</exception>
    public static FileDescriptor OpenWrite(string path, bool direct = false) =>
        Open(path, Fcntl.O_WRONLY | Fcntl.O_CREAT | (direct ? Fcntl.O_DIRECT : 0), 0x180);

    /// <summary>Makes a file with mode 0600 and opens it for writing; nothing of that name, not even a link, may be there.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="ErrnoException">The kernel refused.</exception>
    public static FileDescriptor CreateNew(string path) => Open(path, Fcntl.O_WRONLY | Fcntl.O_CREAT | Fcntl.O_EXCL, 0x180);

    /// <summary>Opens a file for reading and writing, creating it for its owner alone if it is not there.</summary>
    /// <exception cref="ErrnoException">The file cannot be opened.</exception>
    public static FileDescriptor OpenReadWrite(string path) => Open(path, Fcntl.O_RDWR | Fcntl.O_CREAT, 0x180);

    /// <summary>Opens a device for reading and writing.</summary>
    /// <exception cref="ErrnoException">There is none, or it may not be used.</exception>
    public static FileDescriptor OpenDevice(string path) => Open(path, Fcntl.O_RDWR, 0);

    /// <summary>Makes a pipe.</summary>
    /// <exception cref="ErrnoException">The kernel refused.</exception>
    public static unsafe (FileDescriptor Reader, FileDescriptor Writer) CreatePipe()
    {
        var ends = stackalloc int[2];
        // SAFETY: pipe2 fills exactly the two numbers.
        if (Unistd.pipe2(ends, Fcntl.O_CLOEXEC) != 0)
            throw ErrnoException.ForLast("pipe2");
        return (new FileDescriptor(ends[0]), new FileDescriptor(ends[1]));
    }

    /// <summary>A second descriptor of the same open file.</summary>
    /// <exception cref="ErrnoException">The kernel refused.</exception>
    public FileDescriptor Duplicate() => new(Control("fcntl(F_DUPFD_CLOEXEC)", Fcntl.F_DUPFD_CLOEXEC, 0));

    /// <summary>Chooses whether transfers wait, or give <see cref="Errno.EAGAIN"/> instead. It is a property of the open file, shared by duplicates.</summary>
    /// <exception cref="ErrnoException">The kernel refused.</exception>
    public void SetNonBlocking(bool nonBlocking)
    {
        var flags = Control("fcntl(F_GETFL)", Fcntl.F_GETFL, 0);
        flags = nonBlocking ? flags | Fcntl.O_NONBLOCK : flags & ~Fcntl.O_NONBLOCK;
        Control("fcntl(F_SETFL)", Fcntl.F_SETFL, flags);
    }

    /// <summary>Asks for a larger buffer inside a pipe; the system's limits decide.</summary>
    public void RequestPipeCapacity(int bytes) => _ = Fcntl.fcntl(this, Fcntl.F_SETPIPE_SZ, bytes);

    /// <summary>Reads up to the length of <paramref name="buffer"/>; 0 at the end.</summary>
    /// <returns>Bytes read, or the negated error number.</returns>
    public unsafe long Read(Span<byte> buffer)
    {
        nint count;
        fixed (byte* to = buffer)
        {
            // SAFETY: the kernel writes at most buffer.Length bytes into the pinned buffer.
            while ((count = Unistd.read(this, to, (nuint)buffer.Length)) < 0 && IsInterrupted())
            {
            }
        }

        return Result(count);
    }

    /// <summary>Reads what is there into at most 1024 ranges, in order, waiting for the first byte; 0 at the end.</summary>
    /// <returns>Bytes read, or the negated error number.</returns>
    public unsafe long Read(ReadOnlySpan<HostRange> ranges)
    {
        nint count;
        fixed (HostRange* iov = ranges)
        {
            // SAFETY: HostRange has the layout of struct iovec; the caller keeps the memory of the ranges alive.
            while ((count = SysUio.readv(this, iov, Math.Min(ranges.Length, SysUio.IOV_MAX))) < 0 && IsInterrupted())
            {
            }
        }

        return Result(count);
    }

    /// <summary>Writes some or all of <paramref name="bytes"/>.</summary>
    /// <returns>Bytes written, or the negated error number.</returns>
    public unsafe long Write(ReadOnlySpan<byte> bytes)
    {
        nint count;
        fixed (byte* from = bytes)
        {
            // SAFETY: the kernel reads at most bytes.Length bytes of the pinned buffer.
            while ((count = Unistd.write(this, from, (nuint)bytes.Length)) < 0 && IsInterrupted())
            {
            }
        }

        return Result(count);
    }

    /// <summary>Writes some or all of at most 1024 ranges.</summary>
    /// <returns>Bytes written, or the negated error number.</returns>
    public unsafe long Write(ReadOnlySpan<HostRange> ranges)
    {
        nint count;
        fixed (HostRange* iov = ranges)
        {
            // SAFETY: HostRange has the layout of struct iovec; the caller keeps the memory of the ranges alive.
            while ((count = SysUio.writev(this, iov, Math.Min(ranges.Length, SysUio.IOV_MAX))) < 0 && IsInterrupted())
            {
            }
        }

        return Result(count);
    }

    /// <summary>Reads at a file offset without moving the position.</summary>
    /// <returns>Bytes read, 0 at the end, or the negated error number.</returns>
    public unsafe long ReadAt(long offset, HostRange range)
    {
        nint count;
        // SAFETY: the kernel writes at most range.LengthBytes bytes; the caller keeps the memory of the range alive.
        while ((count = Unistd.pread(this, (void*)range.Address, (nuint)range.LengthBytes, offset)) < 0 && IsInterrupted())
        {
        }

        return Result(count);
    }

    /// <summary>Reads at a file offset without moving the position.</summary>
    /// <returns>Bytes read, 0 at the end, or the negated error number.</returns>
    public unsafe long ReadAt(long offset, Span<byte> buffer)
    {
        fixed (byte* to = buffer)
            return ReadAt(offset, new HostRange((nint)to, buffer.Length));
    }

    /// <summary>Writes some or all of at most 1024 ranges at a file offset without moving the position.</summary>
    /// <returns>Bytes written, or the negated error number.</returns>
    public unsafe long WriteAt(long offset, ReadOnlySpan<HostRange> ranges)
    {
        nint count;
        fixed (HostRange* iov = ranges)
        {
            // SAFETY: HostRange has the layout of struct iovec; the caller keeps the memory of the ranges alive.
            while ((count = SysUio.pwritev(this, iov, Math.Min(ranges.Length, SysUio.IOV_MAX), offset)) < 0 && IsInterrupted())
            {
            }
        }

        return Result(count);
    }

    /// <summary>Writes some or all of <paramref name="bytes"/> at a file offset without moving the position.</summary>
    /// <returns>Bytes written, or the negated error number.</returns>
    public unsafe long WriteAt(long offset, ReadOnlySpan<byte> bytes)
    {
        fixed (byte* from = bytes)
        {
            var range = new HostRange((nint)from, bytes.Length);
            return WriteAt(offset, new ReadOnlySpan<HostRange>(in range));
        }
    }

    /// <summary>The position of the open file, in bytes.</summary>
    /// <exception cref="ErrnoException">The descriptor has no position.</exception>
    public long GetPosition()
    {
        var position = Unistd.lseek(this, 0, Unistd.SEEK_CUR);
        return position >= 0 ? position : throw ErrnoException.ForLast("lseek");
    }

    /// <summary>The length of the file, in bytes. Moves the position to the end.</summary>
    /// <exception cref="ErrnoException">The descriptor has no position.</exception>
    public long SeekToEnd()
    {
        var length = Unistd.lseek(this, 0, Unistd.SEEK_END);
        return length >= 0 ? length : throw ErrnoException.ForLast("lseek");
    }

    /// <summary>Sets the length of a file, in bytes.</summary>
    /// <exception cref="ErrnoException">The kernel refused.</exception>
    public void SetLength(long lengthBytes)
    {
        if (!TrySetLength(lengthBytes))
            throw ErrnoException.ForLast("ftruncate");
    }

    /// <summary>Sets the length of a file, in bytes, where that is possible.</summary>
    public bool TrySetLength(long lengthBytes) => Unistd.ftruncate(this, lengthBytes) == 0;

    /// <summary>Gives the storage of a part of a file back; it reads as zero afterwards. The file keeps its length.</summary>
    /// <exception cref="ErrnoException">The kernel or the file system refused.</exception>
    public void PunchHole(long offset, long count)
    {
        if (Fcntl.fallocate(this, Fcntl.FALLOC_FL_PUNCH_HOLE | Fcntl.FALLOC_FL_KEEP_SIZE, offset, count) != 0)
            throw ErrnoException.ForLast("fallocate");
    }

    /// <summary>Waits until the file's content is on its device.</summary>
    /// <returns>0, or the negated error number (a device that is full may say so only here).</returns>
    public long Synchronize() => Result(Unistd.fsync(this));

    /// <summary>The negated error number of this thread's last call when <paramref name="count"/> is negative, else the count.</summary>
    internal static long Result(nint count) => count >= 0 ? count : -(long)Marshal.GetLastPInvokeError();

    /// <summary>Whether this thread's last call failed because of a signal.</summary>
    internal static bool IsInterrupted() => Marshal.GetLastPInvokeError() == Errno.EINTR;

    /// <inheritdoc/>
    protected override bool ReleaseHandle() => Unistd.close((int)handle) == 0;

    private static FileDescriptor Open(string path, int flags, uint mode)
    {
        int number;
        while ((number = Fcntl.open(path, flags | Fcntl.O_CLOEXEC, mode)) < 0)
        {
            if (!IsInterrupted())
                throw ErrnoException.ForLast("open");
        }

        return new FileDescriptor(number);
    }

    private int Control(string call, int command, nint argument)
    {
        var result = Fcntl.fcntl(this, command, argument);
        return result >= 0 ? result : throw ErrnoException.ForLast(call);
    }
}
