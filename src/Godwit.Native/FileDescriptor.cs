using System.Runtime.InteropServices;
using Godwit.Native.Linux;

namespace Godwit.Native;

/// <summary>An owned file descriptor of any kind (file, pipe, socket, memory file), closed on dispose.</summary>
/// <remarks>All descriptors that this project opens are closed on <c>exec</c>. Calls are repeated when a signal interrupts them.</remarks>
public sealed partial class FileDescriptor : SafeHandle
{
    /// <summary>Takes ownership of the descriptor <paramref name="number"/>.</summary>
    public FileDescriptor(int number)
        : base(-1, ownsHandle: true)
        => SetHandle(number);

    /// <inheritdoc/>
    public override bool IsInvalid => handle == -1;

    /// <summary>The descriptor's number.</summary>
    public int Number => (int)handle;

    /// <summary>Sets the length of a file, in bytes.</summary>
    /// <exception cref="ErrnoException">The kernel refused.</exception>
    public void SetLength(long lengthBytes)
    {
        if (Unistd.ftruncate(Number, lengthBytes) != 0)
            throw ErrnoException.ForLast("ftruncate");
    }

    /// <summary>Gives the storage of a part of a file back; it reads as zero afterwards. The file keeps its length.</summary>
    /// <exception cref="ErrnoException">The kernel or the file system refused.</exception>
    public void PunchHole(long offset, long count)
    {
        if (Fcntl.fallocate(Number, Fcntl.FALLOC_FL_PUNCH_HOLE | Fcntl.FALLOC_FL_KEEP_SIZE, offset, count) != 0)
            throw ErrnoException.ForLast("fallocate");
    }

    /// <inheritdoc/>
    protected override bool ReleaseHandle() => Unistd.close((int)handle) == 0;
}
