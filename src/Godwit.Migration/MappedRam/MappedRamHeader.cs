using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Godwit.Migration;

/// <summary>The 28 bytes behind a block's entry in the block list of a mapped-ram file (docs/formats/mapped-ram.md, "Header").</summary>
/// <param name="Version">1.</param>
/// <param name="PageSizeBytes">What a bit of the bitmap stands for.</param>
/// <param name="BitmapOffset">File offset of the bitmap; 0 for a block that is not in the file.</param>
/// <param name="PagesOffset">File offset of the block's first page; 0 for a block that is not in the file.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct MappedRamHeader(uint Version, ulong PageSizeBytes, ulong BitmapOffset, ulong PagesOffset)
{
    /// <summary>Length in the file.</summary>
    public const int Bytes = 28;

    /// <summary>The only version.</summary>
    public const uint CurrentVersion = 1;

    /// <summary>Writers put page areas at multiples of this; readers need only multiples of a page.</summary>
    public const long PagesAlignment = 1 << 20;

    /// <summary>The header in the bytes of the file.</summary>
    public static MappedRamHeader Read(ReadOnlySpan<byte> bytes) => new(
        BinaryPrimitives.ReadUInt32BigEndian(bytes),
        BinaryPrimitives.ReadUInt64BigEndian(bytes[4..]),
        BinaryPrimitives.ReadUInt64BigEndian(bytes[12..]),
        BinaryPrimitives.ReadUInt64BigEndian(bytes[20..]));

    /// <summary>Bytes of the bitmap of so many pages: whole 64-bit words.</summary>
    public static long BitmapBytesFor(ulong pages) => checked((long)((pages + 63) / 64 * sizeof(ulong)));

    /// <summary>Where the pages start behind a bitmap.</summary>
    public static long AlignPages(long offset) => checked((offset + PagesAlignment - 1) / PagesAlignment * PagesAlignment);

    /// <summary>Puts the header into <see cref="Bytes"/> bytes.</summary>
    public void Write(Span<byte> bytes)
    {
        BinaryPrimitives.WriteUInt32BigEndian(bytes, Version);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[4..], PageSizeBytes);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[12..], BitmapOffset);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[20..], PagesOffset);
    }
}
