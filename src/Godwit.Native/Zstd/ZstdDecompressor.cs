using System.Runtime.InteropServices;
using Godwit.Native.Zstd;

namespace Godwit.Native;

/// <summary>Decompresses one endless zstd frame piece by piece; for one thread.</summary>
public sealed unsafe class ZstdDecompressor : SafeHandle
{
    /// <summary>Log2 of the largest window that a frame may ask memory for: 64 MiB.</summary>
    public const int MaxWindowLog = 26;

    /// <summary>Expects the start of a frame.</summary>
    /// <exception cref="ZstdException">The library is missing.</exception>
    public ZstdDecompressor()
        : base(0, ownsHandle: true)
    {
        SetHandle(ZstdHeader.Create(ZstdHeader.ZSTD_createDCtx));
        nuint result = ZstdHeader.ZSTD_DCtx_setParameter(handle, ZstdHeader.ZSTD_d_windowLogMax, MaxWindowLog);
        if (ZstdHeader.ZSTD_isError(result) != 0)
            throw new ZstdException($"zstd: {ZstdHeader.NameOf(result)}");
    }

    /// <inheritdoc/>
    public override bool IsInvalid => handle == 0;

    /// <summary>Fills <paramref name="output"/> as far as <paramref name="input"/> goes.</summary>
    /// <param name="input">Compressed bytes.</param>
    /// <param name="output">Where to; for instance guest memory.</param>
    /// <param name="consumed">Bytes taken from <paramref name="input"/>.</param>
    /// <returns>Bytes put into <paramref name="output"/>.</returns>
    /// <exception cref="ZstdException">The data is damaged.</exception>
    public int Decompress(ReadOnlySpan<byte> input, Span<byte> output, out int consumed)
    {
        fixed (byte* from = input)
        fixed (byte* to = output)
        {
            var source = new ZstdHeader.InBuffer { Source = from, Size = (nuint)input.Length };
            var destination = new ZstdHeader.OutBuffer { Destination = to, Size = (nuint)output.Length };
            while (true)
            {
                nuint before = source.Position + destination.Position;
                // SAFETY: both buffers are pinned for the call and have the given lengths.
                nuint result = ZstdHeader.ZSTD_decompressStream(handle, &destination, &source);
                if (ZstdHeader.ZSTD_isError(result) != 0)
                    throw new ZstdException(ZstdHeader.NameOf(result));
                if (destination.Position == destination.Size || source.Position + destination.Position == before)
                    break;
            }

            consumed = (int)source.Position;
            return (int)destination.Position;
        }
    }

    /// <inheritdoc/>
    protected override bool ReleaseHandle()
    {
        ZstdHeader.ZSTD_freeDCtx(handle);
        return true;
    }
}
