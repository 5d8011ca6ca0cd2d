using System.Runtime.InteropServices;

namespace Godwit.Native.Zstd;

/// <summary><c>zstd.h</c>, the stable streaming interface (libzstd 1.4 and later).</summary>
internal static unsafe partial class ZstdHeader
{
    internal const int ZSTD_c_compressionLevel = 100;
    internal const int ZSTD_d_windowLogMax = 100;

    internal const int ZSTD_e_continue = 0;
    internal const int ZSTD_e_flush = 1;

    private const string Library = "libzstd.so.1";

    [LibraryImport(Library)]
    internal static partial nint ZSTD_createCCtx();

    [LibraryImport(Library)]
    internal static partial nuint ZSTD_freeCCtx(nint cctx);

    [LibraryImport(Library)]
    internal static partial nuint ZSTD_CCtx_setParameter(nint cctx, int parameter, int value);

    [LibraryImport(Library)]
    internal static partial nuint ZSTD_compressStream2(nint cctx, OutBuffer* output, InBuffer* input, int endOp);

    [LibraryImport(Library)]
    internal static partial nint ZSTD_createDCtx();

    [LibraryImport(Library)]
    internal static partial nuint ZSTD_freeDCtx(nint dctx);

    [LibraryImport(Library)]
    internal static partial nuint ZSTD_DCtx_setParameter(nint dctx, int parameter, int value);

    [LibraryImport(Library)]
    internal static partial nuint ZSTD_decompressStream(nint dctx, OutBuffer* output, InBuffer* input);

    [LibraryImport(Library)]
    internal static partial uint ZSTD_isError(nuint code);

    [LibraryImport(Library)]
    internal static partial nint ZSTD_getErrorName(nuint code);

    /// <summary>Makes a context; the first call of all loads the library.</summary>
    /// <exception cref="ZstdException">The library is missing, or memory is.</exception>
    internal static nint Create(Func<nint> create)
    {
        try
        {
            nint context = create();
            return context != 0 ? context : throw new ZstdException("zstd: out of memory");
        }
        catch (DllNotFoundException e)
        {
            throw new ZstdException("zstd needs the library libzstd.so.1, which is not installed", e);
        }
    }

    /// <summary>The message of an error code.</summary>
    internal static string NameOf(nuint code) => Marshal.PtrToStringUTF8(ZSTD_getErrorName(code)) ?? "unknown error";

    [StructLayout(LayoutKind.Sequential)]
    internal struct InBuffer
    {
        public void* Source;
        public nuint Size;
        public nuint Position;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct OutBuffer
    {
        public void* Destination;
        public nuint Size;
        public nuint Position;
    }
}
