namespace Godwit.Native;

/// <summary>The error numbers (<c>errno.h</c>) that callers tell apart.</summary>
public static class Errno
{
    /// <summary>No such file or directory.</summary>
    public const int ENOENT = 2;

    /// <summary>A signal interrupted the call.</summary>
    public const int EINTR = 4;

    /// <summary>Input/output error.</summary>
    public const int EIO = 5;

    /// <summary>No such device or address; there is no data behind an offset.</summary>
    public const int ENXIO = 6;

    /// <summary>The descriptor is not open, or not for this use.</summary>
    public const int EBADF = 9;

    /// <summary>The call would have to wait.</summary>
    public const int EAGAIN = 11;

    /// <summary>Permission denied.</summary>
    public const int EACCES = 13;

    /// <summary>Bad address.</summary>
    public const int EFAULT = 14;

    /// <summary>A directory stands where a file is wanted.</summary>
    public const int EISDIR = 21;

    /// <summary>Invalid argument.</summary>
    public const int EINVAL = 22;

    /// <summary>The file would become too large.</summary>
    public const int EFBIG = 27;

    /// <summary>The device is full.</summary>
    public const int ENOSPC = 28;

    /// <summary>Nobody reads the other end.</summary>
    public const int EPIPE = 32;

    /// <summary>The value does not fit.</summary>
    public const int ERANGE = 34;

    /// <summary>The name of a file is too long.</summary>
    public const int ENAMETOOLONG = 36;

    /// <summary>The operation is not supported.</summary>
    public const int EOPNOTSUPP = 95;

    /// <summary>The address is in use.</summary>
    public const int EADDRINUSE = 98;

    /// <summary>A connection was given up before it was accepted.</summary>
    public const int ECONNABORTED = 103;

    /// <summary>The peer reset the connection.</summary>
    public const int ECONNRESET = 104;

    /// <summary>The socket is not connected.</summary>
    public const int ENOTCONN = 107;

    /// <summary>The channel was shut down from this side.</summary>
    public const int ESHUTDOWN = 108;

    /// <summary>The time limit passed.</summary>
    public const int ETIMEDOUT = 110;

    /// <summary>Nobody listens there.</summary>
    public const int ECONNREFUSED = 111;

    /// <summary>The operation goes on in the background.</summary>
    public const int EINPROGRESS = 115;

    /// <summary>The operation was given up.</summary>
    public const int ECANCELED = 125;
}
