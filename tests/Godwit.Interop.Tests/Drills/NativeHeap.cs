using System.Runtime.InteropServices;

namespace Godwit.Interop.Tests;

/// <summary>The C library's allocator in this process, as <c>mallinfo2(3)</c> and <c>malloc_trim(3)</c> show it.</summary>
internal static partial class NativeHeap
{
    /// <summary>Gives free memory back to the system, so that what is resident is what is in use.</summary>
    public static void Trim() => _ = MallocTrim(0);

    /// <summary>Bytes in blocks that are given out, of all its heaps.</summary>
    public static long BytesInUse() => (long)MallInfo2().UsedBlockBytes;

    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    [LibraryImport("libc", EntryPoint = "malloc_trim")]
    private static partial int MallocTrim(nuint pad);

    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    [LibraryImport("libc", EntryPoint = "mallinfo2")]
    private static partial MallocInformation MallInfo2();

    /// <summary><c>struct mallinfo2</c>: ten words, of which the eighth, <c>uordblks</c>, is read.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 80)]
    private struct MallocInformation
    {
        [FieldOffset(56)]
        public nuint UsedBlockBytes;
    }
}
