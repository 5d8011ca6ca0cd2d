using System.Runtime.InteropServices;

namespace Godwit.Native.Linux;

/// <summary><c>signal.h</c></summary>
internal static unsafe partial class SignalHeader
{
    internal const int SIGKILL = 9;
    internal const int SIGPIPE = 13;
    internal const int SIGTERM = 15;

    /// <summary>Room for a <c>sigset_t</c>.</summary>
    internal const int SigsetBytes = 128;

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int kill(int pid, int sig);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int sigemptyset(void* set);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int sigfillset(void* set);
}
