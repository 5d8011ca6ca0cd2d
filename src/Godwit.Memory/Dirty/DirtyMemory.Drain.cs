using System.Numerics;

namespace Godwit.Memory;

/// <content>Bits that go out to whoever copies memory.</content>
public sealed partial class DirtyMemory
{
    /// <summary>Whether <see cref="Drain"/> moves whole words for this range: start and length are multiples of 64 pages.</summary>
    /// <remarks>
    /// On the word path the caller may put off clearing the dirty logs (<see cref="MemorySystem.ClearDirtyLog"/>) until just before it reads
    /// the pages; on the page path it clears them at once.
    /// </remarks>
    public static bool IsWordPath(RamAddress start, ulong lengthBytes)
        => start.IsAligned(TargetPage.BytesPerWord) && lengthBytes % TargetPage.BytesPerWord == 0;

    /// <summary>Moves a client's bits of a range into the caller's own bitmap; bit 0 of the first word is the page at <paramref name="start"/>.</summary>
    /// <remarks>
    /// The caller alone writes to <paramref name="intoWords"/> meanwhile. Bits that other threads set during the call are moved now or stay for the
    /// next call; the same goes for bits that a call made during the drain found to be there already. When the call has returned, reading a page shows at least the stores whose bits were moved. Does not
    /// clear the dirty logs.
    /// </remarks>
    /// <param name="client">Whose bits.</param>
    /// <param name="start">First page, page-aligned.</param>
    /// <param name="lengthBytes">Length of the range; a page that it ends in counts.</param>
    /// <param name="intoWords">At least one bit for each page.</param>
    /// <returns>The number of bits that were new in <paramref name="intoWords"/>.</returns>
    /// <exception cref="ArgumentException">The start is not page-aligned or the words are too few.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The range is not in the linear RAM space.</exception>
    public long Drain(DirtyClient client, RamAddress start, ulong lengthBytes, Span<ulong> intoWords)
    {
        if (!start.IsAligned(TargetPage.SizeBytes))
            throw new ArgumentException($"A range to drain cannot start inside a page, at {start}.", nameof(start));
        var (first, count) = PagesOf(start, lengthBytes);
        if (TargetPage.WordsFor(count) > (ulong)intoWords.Length)
            throw new ArgumentException($"{intoWords.Length} words are too few for {count} pages.", nameof(intoWords));
        var map = Map(client);
        var fresh = IsWordPath(start, lengthBytes) ? DrainByWords(map, first >> 6, (int)(count >> 6), intoWords) : DrainByPages(map, first, count, intoWords);
        // The words that were taken with plain stores must be empty for everybody before a page is read.
        Interlocked.MemoryBarrier();
        return fresh;
    }

    private static long DrainByWords(BitmapBlock[] map, ulong firstWord, int words, Span<ulong> into)
    {
        long fresh = 0;
        while (words > 0)
        {
            var block = BlockOf(map, firstWord, out var inside);
            var length = Math.Min(words, WordsPerBlock - inside);
            fresh += block.Drain(inside, into[..length]);
            into = into[length..];
            words -= length;
            firstWord += (ulong)length;
        }
        return fresh;
    }

    // Any range of pages: only bits inside the range are taken out of the words at its ends.
    private static long DrainByPages(BitmapBlock[] map, ulong first, ulong count, Span<ulong> into)
    {
        long fresh = 0;
        foreach (var (index, mask) in new WordMasks(first, count))
        {
            var bits = BlockOf(map, (ulong)index, out var word).Take(word, mask);
            if (bits == 0)
                continue;
            var distance = ((long)index << 6) - (long)first;
            if (distance < 0)
            {
                bits >>= (int)-distance;
                distance = 0;
            }
            var shift = (int)(distance & 63);
            var target = (int)(distance >> 6);
            fresh += Add(ref into[target], bits << shift);
            if (shift != 0 && bits >> (64 - shift) != 0)
                fresh += Add(ref into[target + 1], bits >> (64 - shift));
        }
        return fresh;

        static long Add(ref ulong own, ulong bits)
        {
            var added = BitOperations.PopCount(bits & ~own);
            own |= bits;
            return added;
        }
    }
}
