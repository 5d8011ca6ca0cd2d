using System.Runtime.InteropServices;

namespace Godwit.Native.Linux;

/// <summary><c>netdb.h</c></summary>
internal static unsafe partial class Netdb
{
    internal const int AI_PASSIVE = 1;
    internal const int AI_NUMERICHOST = 4;
    internal const int AI_ADDRCONFIG = 0x20;

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int getaddrinfo(string? node, string? service, addrinfo* hints, addrinfo** res);

    [LibraryImport("libc")]
    internal static partial void freeaddrinfo(addrinfo* res);

    [LibraryImport("libc")]
    internal static partial nint gai_strerror(int errcode);

    /// <summary><c>struct addrinfo</c></summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct addrinfo
    {
        internal int ai_flags;
        internal int ai_family;
        internal int ai_socktype;
        internal int ai_protocol;
        internal uint ai_addrlen;
        internal byte* ai_addr;
        internal byte* ai_canonname;
        internal addrinfo* ai_next;
    }
}
