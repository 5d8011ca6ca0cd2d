using System.Numerics;

namespace Godwit.Memory;

/// <content>Bits that come in from a dirty log.</content>
public sealed partial class DirtyMemory
{
    /// <summary>Adds the bits that a dirty log reported: bit 0 of the first word is the page at <paramref name="start"/>.</summary>
    /// <remarks>
    /// The bits go to the display client, to the migration client while global tracking is on, and to the code client while
    /// code is tracked. Whole words are merged where <paramref name="start"/> is a multiple of 64 pages; else they are shifted into place.
    /// </remarks>
    /// <param name="start">First page, page-aligned.</param>
    /// <param name="littleEndianWords">At least as many bits as <paramref name="pages"/>; bits past them are ignored.</param>
    /// <param name="pages">Number of bits that count.</param>
    /// <param name="targetPagesPerBit">Target pages in one page of the log; a power of two, 1 unless host pages are larger.</param>
    /// <returns>The number of bits set in the input, whether or not they were new.</returns>
    /// <exception cref="ArgumentException">The start is not page-aligned or the words are too few.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The pages are not in the linear RAM space.</exception>
    public long MergeBitmap(RamAddress start, ReadOnlySpan<ulong> littleEndianWords, long pages, int targetPagesPerBit = 1)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(pages);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(targetPagesPerBit);
        if (!start.IsAligned(TargetPage.SizeBytes))
            throw new ArgumentException($"A bitmap cannot start inside a page, at {start}.", nameof(start));
        var words = TargetPage.WordsFor((ulong)pages);
        if (words > (ulong)littleEndianWords.Length)
            throw new ArgumentException($"{littleEndianWords.Length} words are too few for {pages} pages.", nameof(littleEndianWords));
        CheckPages(start.Page.Value, checked((ulong)pages * (ulong)targetPagesPerBit));

        // A test of a shared bit below must not be done before the stores that the log reports (see SetRangeAfterStore).
        Interlocked.MemoryBarrier();
        var tail = (int)((ulong)pages & 63);
        var whole = littleEndianWords[..(int)((ulong)pages >> 6)];
        var last = tail == 0 ? 0 : littleEndianWords[(int)words - 1] & (ulong.MaxValue >> (64 - tail));
        var lastPage = start.Page.Value + ((ulong)whole.Length * 64 * (ulong)targetPagesPerBit);
        var targets = MergeTargets();
        long count;
        if (targetPagesPerBit != 1)
        {
            count = MergeByBits(targets, start.Page.Value, whole, (ulong)targetPagesPerBit)
                + MergeByBits(targets, lastPage, new ReadOnlySpan<ulong>(in last), (ulong)targetPagesPerBit);
        }
        else
        {
            count = (start.Page.Value & 63) == 0 ? MergeByWords(targets, start.Page.Value >> 6, whole) : MergeByShift(targets, start.Page.Value, whole);
            count += MergeByShift(targets, lastPage, new ReadOnlySpan<ulong>(in last));
        }
        return count;
    }

    internal DirtyClientMask MergeTargets()
        => DirtyClientMask.Vga
            | (GlobalTrackingEnabled ? DirtyClientMask.Migration : DirtyClientMask.None)
            | (CodeTrackingEnabled ? DirtyClientMask.Code : DirtyClientMask.None);

    /// <summary>Word path: the first page is a multiple of 64.</summary>
    internal long MergeByWords(DirtyClientMask clients, ulong firstWord, ReadOnlySpan<ulong> words)
    {
        var vga = Map(DirtyClient.Vga);
        var code = Map(DirtyClient.Code);
        var migration = Map(DirtyClient.Migration);
        long count = 0;
        while (!words.IsEmpty)
        {
            var block = firstWord >> BlockShift;
            var inside = (int)(firstWord & (WordsPerBlock - 1));
            var length = Math.Min(words.Length, WordsPerBlock - inside);
            count += BitmapBlock.Merge(
                words[..length],
                inside,
                Part(vga, DirtyClientMask.Vga),
                Part(migration, DirtyClientMask.Migration),
                Part(code, DirtyClientMask.Code));
            words = words[length..];
            firstWord += (ulong)length;

            BitmapBlock? Part(BitmapBlock[] map, DirtyClientMask client) => (clients & client) != DirtyClientMask.None ? map[block] : null;
        }
        return count;
    }

    /// <summary>Shift path: any first page; each word of the input touches at most two words.</summary>
    internal long MergeByShift(DirtyClientMask clients, ulong firstPage, ReadOnlySpan<ulong> words)
    {
        var shift = (int)(firstPage & 63);
        long count = 0;
        for (var i = PageBitmap.SkipZero(words, 0); i < words.Length; i = PageBitmap.SkipZero(words, i + 1))
        {
            var bits = words[i];
            count += BitOperations.PopCount(bits);
            var low = bits << shift;
            // A shift by 64 would be a shift by 0: there is no second word then.
            var high = shift == 0 ? 0 : bits >> (64 - shift);
            var index = (firstPage >> 6) + (ulong)i;
            if (low != 0)
                OrWord(clients, index, low);
            if (high != 0)
                OrWord(clients, index + 1, high);
        }
        return count;
    }

    /// <summary>Bit path: any first page, and each bit may stand for several pages.</summary>
    internal long MergeByBits(DirtyClientMask clients, ulong firstPage, ReadOnlySpan<ulong> words, ulong pagesPerBit)
    {
        long count = 0;
        for (var i = 0; i < words.Length; i++)
        {
            for (var bits = words[i]; bits != 0; bits &= bits - 1)
            {
                var page = firstPage + ((((ulong)i << 6) + (ulong)BitOperations.TrailingZeroCount(bits)) * pagesPerBit);
                for (var client = 0; client < ClientCount; client++)
                {
                    if (((int)clients >> client & 1) != 0)
                        SetPages(Map((DirtyClient)client), page, pagesPerBit);
                }
                count++;
            }
        }
        return count;
    }

    private void OrWord(DirtyClientMask clients, ulong index, ulong bits)
    {
        for (var client = 0; client < ClientCount; client++)
        {
            if (((int)clients >> client & 1) != 0)
                BlockOf(Map((DirtyClient)client), index, out var word).Or(word, bits);
        }
    }
}
