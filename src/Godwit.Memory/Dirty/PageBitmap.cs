using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Godwit.Memory;

/// <summary>Operations on bitmaps of pages: bit p &amp; 63 of 64-bit word p &gt;&gt; 6 stands for page p.</summary>
public static class PageBitmap
{
    private const int WordsPerStep = 8;

    /// <summary>The first set bit at or after <paramref name="from"/> and before <paramref name="limit"/>, else <paramref name="limit"/>.</summary>
    /// <param name="words">The bitmap; holds at least <paramref name="limit"/> bits.</param>
    /// <param name="from">First bit looked at.</param>
    /// <param name="limit">First bit not looked at.</param>
    /// <exception cref="ArgumentOutOfRangeException">The bitmap is shorter than <paramref name="limit"/>.</exception>
    public static ulong FindNextSet(ReadOnlySpan<ulong> words, ulong from, ulong limit)
    {
        CheckLimit(words, limit);
        if (from >= limit)
            return limit;
        var index = (int)(from >> 6);
        var word = words[index] & (ulong.MaxValue << (int)(from & 63));
        if (word == 0)
        {
            index = SkipEqual(words, index + 1, (int)TargetPage.WordsFor(limit), 0);
            if (index < 0)
                return limit;
            word = words[index];
        }
        return Math.Min(limit, ((ulong)index << 6) + (ulong)BitOperations.TrailingZeroCount(word));
    }

    /// <summary>The first clear bit at or after <paramref name="from"/> and before <paramref name="limit"/>, else <paramref name="limit"/>.</summary>
    /// <param name="words">The bitmap; holds at least <paramref name="limit"/> bits.</param>
    /// <param name="from">First bit looked at.</param>
    /// <param name="limit">First bit not looked at.</param>
    /// <exception cref="ArgumentOutOfRangeException">The bitmap is shorter than <paramref name="limit"/>.</exception>
    public static ulong FindNextClear(ReadOnlySpan<ulong> words, ulong from, ulong limit)
    {
        CheckLimit(words, limit);
        if (from >= limit)
            return limit;
        var index = (int)(from >> 6);
        var word = ~words[index] & (ulong.MaxValue << (int)(from & 63));
        if (word == 0)
        {
            index = SkipEqual(words, index + 1, (int)TargetPage.WordsFor(limit), ulong.MaxValue);
            if (index < 0)
                return limit;
            word = ~words[index];
        }
        return Math.Min(limit, ((ulong)index << 6) + (ulong)BitOperations.TrailingZeroCount(word));
    }

    /// <summary>Number of set bits in <paramref name="count"/> bits from <paramref name="from"/> on.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The bitmap is shorter.</exception>
    public static ulong CountSet(ReadOnlySpan<ulong> words, ulong from, ulong count)
    {
        CheckLimit(words, checked(from + count));
        ulong total = 0;
        foreach (var (index, mask) in new WordMasks(from, count))
            total += (ulong)BitOperations.PopCount(words[index] & mask);
        return total;
    }

    /// <summary>Sets <paramref name="count"/> bits; the caller is the only writer.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The bitmap is shorter.</exception>
    public static void SetRange(Span<ulong> words, ulong from, ulong count)
    {
        CheckLimit(words, checked(from + count));
        foreach (var (index, mask) in new WordMasks(from, count))
            words[index] |= mask;
    }

    /// <summary>Clears <paramref name="count"/> bits; the caller is the only writer.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The bitmap is shorter.</exception>
    public static void ClearRange(Span<ulong> words, ulong from, ulong count)
    {
        CheckLimit(words, checked(from + count));
        foreach (var (index, mask) in new WordMasks(from, count))
            words[index] &= ~mask;
    }

    /// <summary>Sets <paramref name="count"/> bits while other threads change the bitmap.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The bitmap is shorter.</exception>
    public static void SetRangeAtomic(Span<ulong> words, ulong from, ulong count)
    {
        CheckLimit(words, checked(from + count));
        foreach (var (index, mask) in new WordMasks(from, count))
        {
            // All ones needs no read-modify-write: whatever a racing thread adds is in there. Release: what was stored before stays before.
            if (mask == ulong.MaxValue)
                Volatile.Write(ref words[index], mask);
            else
                Interlocked.Or(ref words[index], mask);
        }
    }

    /// <summary>Clears <paramref name="count"/> bits while other threads change the bitmap; returns whether any was set.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The bitmap is shorter.</exception>
    public static bool ClearRangeAtomic(Span<ulong> words, ulong from, ulong count)
    {
        CheckLimit(words, checked(from + count));
        ulong seen = 0;
        foreach (var (index, mask) in new WordMasks(from, count))
        {
            ref var word = ref words[index];
            if ((Volatile.Read(ref word) & mask) != 0)
                seen |= Interlocked.And(ref word, ~mask) & mask;
        }
        return seen != 0;
    }

    /// <summary>Whether all of <paramref name="count"/> bits are set.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The bitmap is shorter.</exception>
    public static bool AreAllSet(ReadOnlySpan<ulong> words, ulong from, ulong count)
    {
        CheckLimit(words, checked(from + count));
        foreach (var (index, mask) in new WordMasks(from, count))
        {
            if ((Volatile.Read(in words[index]) & mask) != mask)
                return false;
        }
        return true;
    }

    // The first word at or after index that is not zero, or the number of words.
    internal static int SkipZero(ReadOnlySpan<ulong> words, int index)
    {
        var found = SkipEqual(words, index, words.Length, 0);
        return found < 0 ? words.Length : found;
    }

    // The first word at or after index that is not `skipped`, or -1.
    private static int SkipEqual(ReadOnlySpan<ulong> words, int index, int limit, ulong skipped)
    {
        ref var first = ref MemoryMarshal.GetReference(words);
        var pattern = Vector512.Create(skipped);
        for (; index + WordsPerStep <= limit; index += WordsPerStep)
        {
            if (Vector512.LoadUnsafe(ref first, (nuint)index) != pattern)
                break;
        }
        for (; index < limit; index++)
        {
            if (words[index] != skipped)
                return index;
        }
        return -1;
    }

    private static void CheckLimit(ReadOnlySpan<ulong> words, ulong limit)
    {
        if (TargetPage.WordsFor(limit) > (ulong)words.Length)
            throw new ArgumentOutOfRangeException(nameof(limit), $"{limit} bits are more than a bitmap of {words.Length} words holds.");
    }
}
