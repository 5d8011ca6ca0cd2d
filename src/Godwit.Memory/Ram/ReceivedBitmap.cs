using System.Numerics;

namespace Godwit.Memory;

/// <summary>Which pages of a block have arrived, on the destination of a migration; any thread may set and ask.</summary>
/// <remarks>The page's bytes are stored first and the bit is set after them, with release order; a reader that sees the bit sees the bytes.</remarks>
public sealed class ReceivedBitmap
{
    private readonly ulong[] _words;

    /// <summary>Makes the bitmap of a block, nothing received.</summary>
    public ReceivedBitmap(ulong pageCount)
    {
        PageCount = pageCount;
        _words = new ulong[checked((int)TargetPage.WordsFor(pageCount))];
    }

    /// <summary>Pages described.</summary>
    public ulong PageCount { get; }

    /// <summary>The words, bit p &amp; 63 of word p &gt;&gt; 6 for page p; bits past the last page are zero. Others may set bits meanwhile.</summary>
    public ReadOnlySpan<ulong> Words => _words;

    /// <summary>Pages received so far.</summary>
    public ulong CountReceived()
    {
        ulong count = 0;
        foreach (ref readonly var word in _words.AsSpan())
            count += (ulong)BitOperations.PopCount(Volatile.Read(in word));
        return count;
    }

    /// <summary>Whether the page has arrived.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such page.</exception>
    public bool IsReceived(PageIndex page)
    {
        Check(page, 1);
        return (Volatile.Read(ref _words[page.Value >> 6]) >> (int)(page.Value & 63) & 1) != 0;
    }

    /// <summary>Marks the page; true if it was not marked before.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such page.</exception>
    public bool TrySet(PageIndex page)
    {
        Check(page, 1);
        var bit = 1UL << (int)(page.Value & 63);
        return (Interlocked.Or(ref _words[page.Value >> 6], bit) & bit) == 0;
    }

    /// <summary>Marks <paramref name="count"/> pages.</summary>
    /// <exception cref="ArgumentOutOfRangeException">They are not all there.</exception>
    public void SetRange(PageIndex first, ulong count)
    {
        Check(first, count);
        PageBitmap.SetRangeAtomic(_words, first.Value, count);
    }

    /// <summary>Forgets <paramref name="count"/> pages, because their content was discarded.</summary>
    /// <exception cref="ArgumentOutOfRangeException">They are not all there.</exception>
    public void ClearRange(PageIndex first, ulong count)
    {
        Check(first, count);
        PageBitmap.ClearRangeAtomic(_words, first.Value, count);
    }

    /// <summary>The first page at or after <paramref name="from"/> that has not arrived, or null.</summary>
    public PageIndex? FindMissing(PageIndex from)
    {
        var found = PageBitmap.FindNextClear(_words, from.Value, PageCount);
        return found < PageCount ? new PageIndex(found) : null;
    }

    private void Check(PageIndex first, ulong count)
    {
        if (first.Value > PageCount || count > PageCount - first.Value)
            throw new ArgumentOutOfRangeException(nameof(first), $"{count} pages from {first} are not inside a block of {PageCount} pages.");
    }
}
