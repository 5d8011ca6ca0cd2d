using System.Runtime.InteropServices;

namespace Godwit.Native.Linux;

/// <summary><c>string.h</c></summary>
internal static unsafe partial class StringHeader
{
    [LibraryImport("libc")]
    internal static partial void* memcpy(void* dest, void* src, nuint n);

    [LibraryImport("libc")]
    internal static partial int memcmp(void* s1, void* s2, nuint n);

    [LibraryImport("libc")]
    internal static partial void* memset(void* s, int c, nuint n);
}
