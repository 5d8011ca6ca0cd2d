using System.Net.Sockets;
using Godwit.Native.Linux;

namespace Godwit.Native;

/// <summary>What the base library's file calls cannot say.</summary>
public static unsafe class FileSystem
{
    /// <summary>Gives a file another name; what had that name is gone. Both are on one file system.</summary>
    /// <exception cref="ErrnoException">The kernel refused.</exception>
    public static void Rename(string path, string newPath)
    {
        if (Stdio.rename(path, newPath) != 0)
            throw ErrnoException.ForLast("rename");
    }

    /// <summary>The system's text for what a file or UNIX socket call of the base library failed with, without the library's own words around it.</summary>
    /// <param name="failure">What the call threw.</param>
    /// <param name="path">The path it was for.</param>
    public static string Describe(Exception failure, string path) => failure switch
    {
        // The library has one exception for a directory and for a lack of rights, and one socket error for every path that is not there.
        FileNotFoundException or DirectoryNotFoundException or UnauthorizedAccessException when Directory.Exists(path) => ErrnoException.Describe(Errno.EISDIR),
        FileNotFoundException or DirectoryNotFoundException => ErrnoException.Describe(Errno.ENOENT),
        UnauthorizedAccessException => ErrnoException.Describe(Errno.EACCES),
        PathTooLongException => ErrnoException.Describe(Errno.ENAMETOOLONG),
        SocketException { SocketErrorCode: SocketError.AddressNotAvailable } when !Path.Exists(path) => ErrnoException.Describe(Errno.ENOENT),
        SocketException { NativeErrorCode: > 0 } e => ErrnoException.Describe(e.NativeErrorCode),
        IOException { HResult: > 0 } e => ErrnoException.Describe(e.HResult),
        _ => failure.Message,
    };

    /// <summary>Takes a file's name away; false when that was not possible.</summary>
    public static bool Remove(string path) => Unistd.unlink(path) == 0;

    /// <summary>Removes <paramref name="path"/> if it is a UNIX socket; anything else stays.</summary>
    /// <returns>Whether there was one.</returns>
    public static bool RemoveIfSocket(string path)
    {
        SysStat.statx_t status;
        // SAFETY: statx fills at most the 256 bytes of its result.
        if (SysStat.statx(Fcntl.AT_FDCWD, path, SysStat.AT_SYMLINK_NOFOLLOW, SysStat.STATX_TYPE, &status) != 0)
            return false;
        return (status.stx_mode & SysStat.S_IFMT) == SysStat.S_IFSOCK && Unistd.unlink(path) == 0;
    }
}
