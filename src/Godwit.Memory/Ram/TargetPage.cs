namespace Godwit.Memory;

/// <summary>The page that dirty bitmaps count in: 4 KiB on every machine that Godwit knows (docs/memory.md).</summary>
public static class TargetPage
{
    /// <summary>Number of address bits inside a page.</summary>
    public const int Bits = 12;

    /// <summary>Length of a page in bytes.</summary>
    public const int SizeBytes = 1 << Bits;

    /// <summary>Pages described by one 64-bit word of a bitmap.</summary>
    public const int PerWord = 64;

    /// <summary>Bytes of guest memory described by one 64-bit word of a bitmap: 256 KiB.</summary>
    public const ulong BytesPerWord = (ulong)PerWord * SizeBytes;

    /// <summary>Number of pages that <paramref name="lengthBytes"/> fill, the last one perhaps in part.</summary>
    public static ulong CountFor(ulong lengthBytes) => (lengthBytes >> Bits) + ((lengthBytes & (SizeBytes - 1)) != 0 ? 1UL : 0UL);

    /// <summary>Number of 64-bit words that hold <paramref name="pages"/> bits.</summary>
    public static ulong WordsFor(ulong pages) => (pages >> 6) + ((pages & 63) != 0 ? 1UL : 0UL);

    /// <summary><paramref name="lengthBytes"/> rounded up to whole pages.</summary>
    /// <exception cref="OverflowException">The result does not fit 64 bits.</exception>
    public static ulong RoundUp(ulong lengthBytes) => checked(lengthBytes + (SizeBytes - 1)) & ~(ulong)(SizeBytes - 1);
}
