using System.Runtime.InteropServices;

namespace Godwit.Native.Linux;

/// <summary><c>sys/wait.h</c></summary>
internal static unsafe partial class SysWait
{
    internal const int WNOHANG = 1;

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int waitpid(int pid, int* wstatus, int options);
}
