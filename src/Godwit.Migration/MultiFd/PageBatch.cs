using Godwit.Memory;

namespace Godwit.Migration;

/// <summary>Pages of one block on their way to a data channel.</summary>
internal sealed class PageBatch
{
    private readonly ulong[] _pages = new ulong[MultiFdFormat.MaxPages];

    /// <summary>The block of all pages; null while there is none.</summary>
    public RamBlock? Block { get; private set; }

    /// <summary>How many there are.</summary>
    public int Count { get; private set; }

    /// <summary>How many more fit.</summary>
    public int Room => _pages.Length - Count;

    /// <summary>The pages, in the order in which they were added.</summary>
    public ReadOnlySpan<ulong> Pages => _pages.AsSpan(0, Count);

    /// <summary>Adds neighbouring pages of the batch's block; they must fit.</summary>
    public void Add(RamBlock block, ulong first, int count)
    {
        Block = block;
        for (int i = 0; i < count; i++)
            _pages[Count++] = first + (ulong)i;
    }

    /// <summary>Empties it.</summary>
    public void Clear()
    {
        Block = null;
        Count = 0;
    }

    /// <summary>How many pages from <paramref name="index"/> on are neighbours.</summary>
    public int RunLength(int index)
    {
        int end = index + 1;
        while (end < Count && _pages[end] == _pages[end - 1] + 1)
            end++;
        return end - index;
    }
}
