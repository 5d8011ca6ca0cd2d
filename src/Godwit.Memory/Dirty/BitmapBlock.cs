using System.Numerics;

namespace Godwit.Memory;

/// <summary>One block of a dirty client's bitmap, with a summary: one bit for each line of 512 pages that says that the line may hold a dirty page.</summary>
/// <remarks>
/// <para>
/// Few pages of a large guest are dirty near the end of a migration. A drain reads the summary, a 512th of the bitmap, and touches only the
/// lines that it names.
/// </para>
/// <para>
/// A setter changes the word, then (after a full fence) looks at the summary and sets its bit if it is not set. A drain takes the summary's bits, then (the
/// exchange is a full fence) the words. So a word changed before its summary bit was taken is seen by that drain, and one changed later has its bit
/// set again: when all setters have returned, every word that is not zero has its bit in the summary. A setter that finds its bits in the
/// word already relies on the one who put them there. A summary bit without a dirty page is allowed and costs one look.
/// </para>
/// </remarks>
internal sealed class BitmapBlock
{
    /// <summary>Pages described by one block.</summary>
    internal const int Pages = 256 * 1024 * 8;

    /// <summary>64-bit words of the bitmap.</summary>
    internal const int WordCount = Pages / TargetPage.PerWord;

    /// <summary>64-bit words of the summary.</summary>
    internal const int SummaryWords = WordCount / WordsPerSummaryWord;

    private const int WordsPerLine = DirtyKernels.Lanes;
    private const int WordsPerSummaryWord = WordsPerLine * 64;
    private const int PagesPerLine = WordsPerLine * TargetPage.PerWord;

    // Pinned: a dirty log may fill words through a native call, and a prefetch needs an address that stays.
    private readonly ulong[] _words = GC.AllocateArray<ulong>(WordCount, pinned: true);
    private readonly ulong[] _summary = new ulong[SummaryWords];

    /// <summary>The bitmap, to be read only: a change would miss the summary.</summary>
    internal ReadOnlySpan<ulong> Words => _words;

    internal bool AreAllSet(ulong first, ulong count) => PageBitmap.AreAllSet(_words, first, count);

    internal void SetRange(ulong first, ulong count)
    {
        PageBitmap.SetRangeAtomic(_words, first, count);
        // Whole words are set with plain stores, which do not fence.
        if (count >= TargetPage.PerWord)
            Interlocked.MemoryBarrier();
        if (count != 0)
            MarkLines(first / PagesPerLine, (first + count - 1) / PagesPerLine);
    }

    internal bool ClearRange(ulong first, ulong count) => PageBitmap.ClearRangeAtomic(_words, first, count);

    /// <summary>Adds bits to one word.</summary>
    internal void Or(int word, ulong bits)
    {
        DirtyKernels.Or(ref _words[word], bits);
        Interlocked.MemoryBarrier();
        MarkLines((ulong)(word / WordsPerLine), (ulong)(word / WordsPerLine));
    }

    /// <summary>Takes all bits of one word.</summary>
    internal ulong Take(int word) => DirtyKernels.Take(ref _words[word]);

    /// <summary>Takes those bits of one word that are in the mask.</summary>
    internal ulong Take(int word, ulong mask)
    {
        ref var shared = ref _words[word];
        if (mask == ulong.MaxValue)
            return DirtyKernels.Take(ref shared);
        return (Volatile.Read(ref shared) & mask) == 0 ? 0 : Interlocked.And(ref shared, ~mask) & mask;
    }

    /// <summary>ORs whole words into the block of each client (null: not that one); returns the number of bits in the source.</summary>
    internal static long Merge(ReadOnlySpan<ulong> source, int firstWord, BitmapBlock? first, BitmapBlock? second, BitmapBlock? third)
    {
        Span<ulong> touched = stackalloc ulong[SummaryWords];
        touched.Clear();
        var length = source.Length;
        var count = DirtyKernels.MergeVector(source, Part(first), Part(second), Part(third), new LineMarks(touched, firstWord));
        Interlocked.MemoryBarrier();
        first?.Mark(touched);
        second?.Mark(touched);
        third?.Mark(touched);
        return count;

        Span<ulong> Part(BitmapBlock? block) => block is null ? default : block._words.AsSpan(firstWord, length);
    }

    /// <summary>Takes all bits of the words from <paramref name="firstWord"/> on, ORs them into the caller's own and returns how many were new there.</summary>
    internal long Drain(int firstWord, Span<ulong> into)
    {
        var end = firstWord + into.Length;
        // A line of which only a part is drained keeps its summary bit.
        var firstLine = (firstWord + WordsPerLine - 1) / WordsPerLine;
        var endLine = end / WordsPerLine;
        if (firstLine >= endLine)
            return DirtyKernels.DrainScalar(_words.AsSpan(firstWord, into.Length), into);
        var head = (firstLine * WordsPerLine) - firstWord;
        var tail = end - (endLine * WordsPerLine);
        return DirtyKernels.DrainScalar(_words.AsSpan(firstWord, head), into[..head])
            + DrainLines(firstLine, endLine, into[head..])
            + DirtyKernels.DrainScalar(_words.AsSpan(end - tail, tail), into[^tail..]);
    }

    private long DrainLines(int firstLine, int endLine, Span<ulong> into)
    {
        var drain = new LineDrain(_words.AsSpan(firstLine * WordsPerLine, (endLine - firstLine) * WordsPerLine), into);
        var queue = default(LineQueue);
        foreach (var (index, mask) in new WordMasks((ulong)firstLine, (ulong)(endLine - firstLine)))
        {
            var lines = TakeLines(ref _summary[index], mask);
            var line = (index * 64) - firstLine;
            if (lines == ulong.MaxValue)
            {
                // The cache follows a run by itself.
                for (var next = line; next < line + 64; next++)
                    drain.Process(next * WordsPerLine);
                continue;
            }
            for (; lines != 0; lines &= lines - 1)
                queue.Add((line + BitOperations.TrailingZeroCount(lines)) * WordsPerLine, isWanted: true, ref drain);
        }
        queue.WorkOff(ref drain);
        return drain.Fresh;
    }

    private static ulong TakeLines(ref ulong summary, ulong mask)
        => (Volatile.Read(ref summary) & mask) == 0 ? 0 : Interlocked.And(ref summary, ~mask) & mask;

    private void MarkLines(ulong first, ulong last)
    {
        foreach (var (index, mask) in new WordMasks(first, last - first + 1))
            MarkWord(index, mask);
    }

    private void Mark(ReadOnlySpan<ulong> touched)
    {
        for (var i = 0; i < touched.Length; i++)
            MarkWord(i, touched[i]);
    }

    private void MarkWord(int index, ulong lines)
    {
        ref var summary = ref _summary[index];
        if ((lines & ~Volatile.Read(ref summary)) != 0)
            Interlocked.Or(ref summary, lines);
    }
}
