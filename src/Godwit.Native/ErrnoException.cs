using System.Runtime.InteropServices;

namespace Godwit.Native;

/// <summary>A Linux call failed.</summary>
public sealed class ErrnoException : Exception
{
    /// <summary>Makes the exception for <paramref name="call"/> having failed with <paramref name="errno"/>.</summary>
    public ErrnoException(string call, int errno)
        : base($"{call}: {Describe(errno)}")
    {
        Call = call;
        Errno = errno;
    }

    /// <summary>The call that failed, by its C name.</summary>
    public string Call { get; }

    /// <summary>The error number (<c>errno.h</c>).</summary>
    public int Errno { get; }

    /// <summary>The system's text for an error number, as <c>strerror</c> gives it.</summary>
    public static string Describe(int errno) => Marshal.GetPInvokeErrorMessage(errno);

    /// <summary>The exception for the P/Invoke that this thread made last.</summary>
    internal static ErrnoException ForLast(string call) => new(call, Marshal.GetLastPInvokeError());
}
