using System.Buffers.Binary;
using Godwit.VmState;

namespace Godwit.Snapshot;

/// <summary>Finds the description in a seekable file, before the sections in front of it have been read.</summary>
internal static class DescriptionLocator
{
    private const int HeaderBytes = 5;
    private const int ChunkBytes = 64 * 1024;
    private const int MaxCandidates = 4;

    /// <summary>
    /// Offsets at which the description may start: the one that ends with the file first, then those found by
    /// going forward (a file with bytes after the description).
    /// </summary>
    public static IEnumerable<long> Find(StreamSource source, long from, int maxBytes)
    {
        long back = source.Position;
        long? atEnd = FindAtEnd(source, from, maxBytes);
        source.Seek(back);
        if (atEnd is long offset)
        {
            yield return offset;
            yield break;
        }

        long at = from;
        for (int i = 0; i < MaxCandidates; i++)
        {
            long? next = FindForward(source, at, maxBytes);
            source.Seek(back);
            if (next is not long candidate)
                yield break;
            yield return candidate;
            at = candidate + 1;
        }
    }

    private static long? FindAtEnd(StreamSource source, long from, int maxBytes)
    {
        long end = source.Length!.Value;
        long lowest = Math.Max(from, end - maxBytes - HeaderBytes);
        for (long chunkEnd = end - HeaderBytes; chunkEnd > lowest;)
        {
            long chunkStart = Math.Max(lowest, chunkEnd - ChunkBytes);
            source.Seek(chunkStart);
            ReadOnlySpan<byte> chunk = source.Peek((int)(chunkEnd - chunkStart) + HeaderBytes);
            for (int i = Math.Min((int)(chunkEnd - chunkStart), chunk.Length) - 1; i >= 0; i--)
            {
                if (IsHeader(chunk[i..], out uint length) && chunkStart + i + HeaderBytes + length == end)
                    return chunkStart + i;
            }

            chunkEnd = chunkStart;
        }

        return null;
    }

    private static long? FindForward(StreamSource source, long from, int maxBytes)
    {
        ReadOnlySpan<byte> opening = "{\""u8;
        long end = source.Length!.Value;
        for (long at = from; at < end - HeaderBytes;)
        {
            source.Seek(at);
            ReadOnlySpan<byte> chunk = source.Peek((int)Math.Min(ChunkBytes, end - at));
            for (int i = 0; i < chunk.Length - HeaderBytes - opening.Length; i++)
            {
                if (IsHeader(chunk[i..], out uint length)
                    && length <= (uint)maxBytes
                    && length <= end - at - i - HeaderBytes
                    && chunk[(i + HeaderBytes)..].StartsWith(opening))
                {
                    return at + i;
                }
            }

            at += Math.Max(1, chunk.Length - HeaderBytes - opening.Length);
        }

        return null;
    }

    private static bool IsHeader(ReadOnlySpan<byte> bytes, out uint length)
    {
        length = 0;
        if (bytes.Length < HeaderBytes || bytes[0] != (byte)SectionType.VmDescription)
            return false;
        length = BinaryPrimitives.ReadUInt32BigEndian(bytes[1..]);
        return length != 0;
    }
}
