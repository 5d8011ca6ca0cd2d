using System.Runtime.InteropServices;

namespace Godwit.Interop.Tests;

/// <summary>The C library's allocator in this process, as <c>mallinfo2(3)</c> and <c>malloc_trim(3)</c> show it.</summary>
internal static class NativeHeap
{
    private static readonly nint _library = NativeLibrary.Load("libc.so.6");
    private static readonly TrimFunction _trim = Find<TrimFunction>("malloc_trim");
    private static readonly InformationFunction _information = Find<InformationFunction>("mallinfo2");

    private delegate int TrimFunction(nuint pad);

    private delegate MallocInformation InformationFunction();

    /// <summary>Gives free memory back to the system, so that what is resident is what is in use.</summary>
    public static void Trim() => _ = _trim(0);

    /// <summary>Bytes in blocks that are given out, of all its heaps.</summary>
    public static long BytesInUse() => (long)_information().UsedBlockBytes;

    private static T Find<T>(string name)
        where T : Delegate
        => Marshal.GetDelegateForFunctionPointer<T>(NativeLibrary.GetExport(_library, name));

    /// <summary><c>struct mallinfo2</c>: ten words, of which the eighth, <c>uordblks</c>, is read.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 80)]
    private struct MallocInformation
    {
        [FieldOffset(56)]
        public nuint UsedBlockBytes;
    }
}
