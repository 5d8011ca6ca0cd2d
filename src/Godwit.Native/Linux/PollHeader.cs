using System.Runtime.InteropServices;

namespace Godwit.Native.Linux;

/// <summary><c>poll.h</c></summary>
internal static unsafe partial class PollHeader
{
    internal const short POLLIN = 0x1;
    internal const short POLLOUT = 0x4;
    internal const short POLLERR = 0x8;
    internal const short POLLHUP = 0x10;
    internal const short POLLRDHUP = 0x2000;

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int poll(pollfd* fds, nuint nfds, int timeout);

    /// <summary><c>struct pollfd</c></summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct pollfd
    {
        internal int fd;
        internal short events;
        internal short revents;
    }
}
