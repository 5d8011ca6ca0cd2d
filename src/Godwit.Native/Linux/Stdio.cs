using System.Runtime.InteropServices;

namespace Godwit.Native.Linux;

/// <summary><c>stdio.h</c></summary>
internal static partial class Stdio
{
    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int rename(string oldpath, string newpath);
}
