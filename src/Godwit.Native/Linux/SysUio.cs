using System.Runtime.InteropServices;

namespace Godwit.Native.Linux;

/// <summary><c>sys/uio.h</c>; <see cref="HostRange"/> is its <c>struct iovec</c>.</summary>
internal static unsafe partial class SysUio
{
    /// <summary><c>IOV_MAX</c> of <c>limits.h</c>.</summary>
    internal const int IOV_MAX = 1024;

    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint readv(SafeHandle fd, HostRange* iov, int iovcnt);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint writev(SafeHandle fd, HostRange* iov, int iovcnt);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint pwritev(SafeHandle fd, HostRange* iov, int iovcnt, long offset);
}
