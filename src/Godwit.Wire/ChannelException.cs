using Godwit.Native;

namespace Godwit.Wire;

/// <summary>A channel could not be opened, read or written.</summary>
public sealed class ChannelException : MigrationException
{
    /// <summary>Makes the exception for <paramref name="channel"/>; <paramref name="message"/> is the whole text.</summary>
    public ChannelException(string channel, string message, int errno = 0, Exception? innerException = null)
        : base(message, innerException)
    {
        Channel = channel;
        Errno = errno;
    }

    /// <summary>Description of the channel, for instance <c>tcp:127.0.0.1:4444</c>.</summary>
    public string Channel { get; }

    /// <summary>The error number (<c>errno.h</c>), 0 when there is none.</summary>
    public int Errno { get; }

    /// <summary>An exception that reads <c>doing: text of the error number</c>.</summary>
    public static ChannelException FromErrno(string channel, string doing, int errno, Exception? innerException = null)
        => new(channel, $"{doing}: {ErrnoException.Describe(errno)}", errno, innerException);
}
