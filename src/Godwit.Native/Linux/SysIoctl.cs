using System.Runtime.InteropServices;

namespace Godwit.Native.Linux;

/// <summary><c>sys/ioctl.h</c></summary>
internal static unsafe partial class SysIoctl
{
    [LibraryImport("libc", SetLastError = true)]
    internal static partial int ioctl(SafeHandle fd, nuint request, void* argument);
}
