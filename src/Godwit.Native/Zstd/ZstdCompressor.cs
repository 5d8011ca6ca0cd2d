using System.Runtime.InteropServices;
using Godwit.Native.Zstd;

namespace Godwit.Native;

/// <summary>One zstd frame that is never ended, compressed piece by piece; for one thread.</summary>
public sealed unsafe class ZstdCompressor : SafeHandle
{
    /// <summary>Starts a frame.</summary>
    /// <param name="level">0 (the library's default) to 20.</param>
    /// <exception cref="ZstdException">The library is missing, or refuses the level.</exception>
    public ZstdCompressor(int level)
        : base(0, ownsHandle: true)
    {
        SetHandle(ZstdHeader.Create(ZstdHeader.ZSTD_createCCtx));
        nuint result = ZstdHeader.ZSTD_CCtx_setParameter(handle, ZstdHeader.ZSTD_c_compressionLevel, level);
        if (ZstdHeader.ZSTD_isError(result) != 0)
            throw new ZstdException($"zstd level {level}: {ZstdHeader.NameOf(result)}");
    }

    /// <inheritdoc/>
    public override bool IsInvalid => handle == 0;

    /// <summary>Takes all of <paramref name="input"/>.</summary>
    /// <param name="input">Bytes that nobody changes meanwhile.</param>
    /// <param name="output">Room for what comes out.</param>
    /// <param name="flush">Whether everything taken so far has to come out.</param>
    /// <returns>Bytes put into <paramref name="output"/>.</returns>
    /// <exception cref="ZstdException">The room does not suffice, or the library failed.</exception>
    public int Compress(ReadOnlySpan<byte> input, Span<byte> output, bool flush)
    {
        fixed (byte* from = input)
        fixed (byte* to = output)
        {
            var source = new ZstdHeader.InBuffer { Source = from, Size = (nuint)input.Length };
            var destination = new ZstdHeader.OutBuffer { Destination = to, Size = (nuint)output.Length };
            while (true)
            {
                // SAFETY: both buffers are pinned for the call and have the given lengths.
                nuint left = ZstdHeader.ZSTD_compressStream2(
                    handle, &destination, &source, flush ? ZstdHeader.ZSTD_e_flush : ZstdHeader.ZSTD_e_continue);
                if (ZstdHeader.ZSTD_isError(left) != 0)
                    throw new ZstdException($"zstd cannot compress: {ZstdHeader.NameOf(left)}");
                if (source.Position == source.Size && (!flush || left == 0))
                    return (int)destination.Position;
                if (destination.Position == destination.Size)
                    throw new ZstdException("zstd: the output is longer than its buffer");
            }
        }
    }

    /// <inheritdoc/>
    protected override bool ReleaseHandle()
    {
        ZstdHeader.ZSTD_freeCCtx(handle);
        return true;
    }
}
