using System.Runtime.InteropServices;

namespace Godwit.Native.Linux;

/// <summary><c>spawn.h</c>; its two object types are opaque and given more room than any C library takes.</summary>
internal static unsafe partial class Spawn
{
    internal const short POSIX_SPAWN_SETPGROUP = 0x2;
    internal const short POSIX_SPAWN_SETSIGDEF = 0x4;
    internal const short POSIX_SPAWN_SETSIGMASK = 0x8;

    internal const int OpaqueBytes = 1024;

    [LibraryImport("libc")]
    internal static partial int posix_spawn(int* pid, byte* path, void* file_actions, void* attrp, byte** argv, byte** envp);

    [LibraryImport("libc")]
    internal static partial int posix_spawn_file_actions_init(void* file_actions);

    [LibraryImport("libc")]
    internal static partial int posix_spawn_file_actions_destroy(void* file_actions);

    [LibraryImport("libc")]
    internal static partial int posix_spawn_file_actions_adddup2(void* file_actions, int fildes, int newfildes);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int posix_spawn_file_actions_addopen(void* file_actions, int fildes, string path, int oflag, uint mode);

    [LibraryImport("libc")]
    internal static partial int posix_spawnattr_init(void* attr);

    [LibraryImport("libc")]
    internal static partial int posix_spawnattr_destroy(void* attr);

    [LibraryImport("libc")]
    internal static partial int posix_spawnattr_setflags(void* attr, short flags);

    [LibraryImport("libc")]
    internal static partial int posix_spawnattr_setpgroup(void* attr, int pgroup);

    [LibraryImport("libc")]
    internal static partial int posix_spawnattr_setsigdefault(void* attr, void* sigset);

    [LibraryImport("libc")]
    internal static partial int posix_spawnattr_setsigmask(void* attr, void* sigset);
}
