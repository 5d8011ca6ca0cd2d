using System.IO.Compression;
using Godwit.Memory;

namespace Godwit.Migration;

/// <summary>Pages that peers up to 9.0 compress one by one, each a complete zlib stream (docs/formats/ram.md, "Compressed pages").</summary>
/// <remarks>Only read, never written: the capability is gone from newer peers.</remarks>
public static class CompressedPage
{
    /// <summary>The longest that zlib makes of a page.</summary>
    public const int MaxBytes = 4109;

    /// <summary>Inflates one page.</summary>
    /// <param name="data">Holds a complete zlib stream; any bytes are safe.</param>
    /// <param name="length">Bytes of <paramref name="data"/> that are the stream.</param>
    /// <param name="page">Exactly one page of room.</param>
    /// <param name="reason">Why the data was refused, else null.</param>
    /// <returns>Whether the stream is whole and inflates to exactly one page.</returns>
    public static bool TryInflate(byte[] data, int length, Span<byte> page, out string? reason)
    {
        if (page.Length != TargetPage.SizeBytes)
            throw new ArgumentException("The room is not one page long.", nameof(page));
        try
        {
            using var source = new MemoryStream(data, 0, length, writable: false);
            using var inflater = new ZLibStream(source, CompressionMode.Decompress);
            int count = inflater.ReadAtLeast(page, page.Length, throwOnEndOfStream: false);
            if (count < page.Length)
            {
                reason = $"it inflates to {count} bytes";
                return false;
            }

            if (inflater.ReadByte() >= 0)
            {
                reason = "it inflates to more than a page";
                return false;
            }
        }
        catch (Exception e) when (e is InvalidDataException or IOException)
        {
            reason = e.Message;
            return false;
        }

        reason = null;
        return true;
    }
}
