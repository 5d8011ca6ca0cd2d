namespace Godwit.Memory;

/// <summary>A private copy of a client's dirty bits of a range, taken out of <see cref="DirtyMemory"/>.</summary>
public sealed class DirtySnapshot
{
    private readonly ulong[] _words;

    internal DirtySnapshot(PageIndex first, ulong[] words)
    {
        First = first;
        _words = words;
    }

    /// <summary>First page of the linear RAM space that the copy describes; a multiple of 64.</summary>
    public PageIndex First { get; }

    /// <summary>Number of pages described; a multiple of 64.</summary>
    public ulong PageCount => (ulong)_words.Length * TargetPage.PerWord;

    /// <summary>Whether any page that the range touches was dirty.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The range is not inside the copy.</exception>
    public bool IsDirty(RamAddress start, ulong lengthBytes)
    {
        if (lengthBytes == 0)
            return false;
        var from = start.Page.Value - First.Value;
        var to = start.Add(lengthBytes - 1).Page.Value - First.Value;
        if (start.Page.Value < First.Value || to >= PageCount)
            throw new ArgumentOutOfRangeException(nameof(start), $"{lengthBytes} bytes at {start} are not inside the copy of {PageCount} pages from page {First}.");
        return PageBitmap.FindNextSet(_words, from, to + 1) <= to;
    }
}
