using System.Runtime.InteropServices;

namespace Godwit.Native.Linux;

/// <summary><c>sys/stat.h</c></summary>
internal static unsafe partial class SysStat
{
    internal const int AT_SYMLINK_NOFOLLOW = 0x100;
    internal const uint STATX_TYPE = 0x1;
    internal const int S_IFMT = 0xf000;
    internal const int S_IFSOCK = 0xc000;

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int statx(int dirfd, string pathname, int flags, uint mask, statx_t* statxbuf);

    /// <summary><c>struct statx</c>, the members that are used here.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    internal struct statx_t
    {
        [FieldOffset(28)]
        internal ushort stx_mode;
    }
}
