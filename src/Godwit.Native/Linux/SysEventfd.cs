using System.Runtime.InteropServices;

namespace Godwit.Native.Linux;

/// <summary><c>sys/eventfd.h</c></summary>
internal static partial class SysEventfd
{
    internal const int EFD_NONBLOCK = 0x800;
    internal const int EFD_CLOEXEC = 0x80000;

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int eventfd(uint initval, int flags);
}
