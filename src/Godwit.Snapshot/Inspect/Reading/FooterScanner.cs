using System.Buffers.Binary;
using Godwit.VmState;

namespace Godwit.Snapshot;

/// <summary>
/// Finds the end of a section that nothing describes: its footer, followed by the start of an element. Used in streams
/// without a description (postcopy, cut files) and for iterative entries with a body of their own.
/// </summary>
internal static class FooterScanner
{
    private const int WindowBytes = 64 * 1024;

    /// <summary>Goes to the footer and says how many bytes lie before it; -1 when there is none before <paramref name="limit"/>.</summary>
    public static long SkipToFooter(StreamSource source, uint sectionId, long limit)
    {
        long start = source.Position;
        Span<byte> footer = stackalloc byte[StreamConstants.FooterBytes];
        footer[0] = (byte)SectionType.Footer;
        BinaryPrimitives.WriteUInt32BigEndian(footer[1..], sectionId);
        while (true)
        {
            // The element's own header may reach beyond the limit already.
            if (source.Position >= limit)
                return -1;
            ReadOnlySpan<byte> window = source.Peek((int)Math.Min(WindowBytes, limit - source.Position));
            int found = window.IndexOf(footer);
            int after = found + StreamConstants.FooterBytes;
            bool isCut = found > 0 && after == window.Length && source.Position + after < limit;
            if (found >= 0 && !isCut && IsFollowedByElement(window[after..]))
            {
                source.Skip(found);
                return source.Position - start;
            }

            // What comes behind a hit at the window's end is in the next one. Go on behind a false hit; else keep the tail, which may be
            // the beginning of a footer.
            int step = isCut ? found : found >= 0 ? found + 1 : window.Length - StreamConstants.FooterBytes;
            if (step <= 0)
                return -1;
            source.Skip(step);
        }
    }

    private static bool IsFollowedByElement(ReadOnlySpan<byte> next) =>
        next.IsEmpty || next[0] is <= (byte)SectionType.Full or (byte)SectionType.Command;
}
