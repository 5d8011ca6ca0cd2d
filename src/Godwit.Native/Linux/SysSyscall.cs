using System.Runtime.InteropServices;

namespace Godwit.Native.Linux;

/// <summary><c>sys/syscall.h</c>: calls that older C libraries have no function for. The number is the same on all architectures.</summary>
internal static partial class SysSyscall
{
    internal const long SYS_pidfd_open = 434;

    [LibraryImport("libc", SetLastError = true)]
    internal static partial long syscall(long number, long arg1, long arg2);
}
