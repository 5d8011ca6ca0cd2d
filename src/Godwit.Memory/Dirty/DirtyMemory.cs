namespace Godwit.Memory;

/// <summary>Which pages of the linear RAM space were written, for each of the three dirty clients (docs/memory.md).</summary>
/// <remarks>
/// Any thread may set and take bits at any time without a lock. Each client's bitmap is an array of bitmap blocks of 2 097 152 pages (8 GiB);
/// it grows under the big lock by publishing a longer array that holds the same blocks, so a bit set through the old array is
/// not lost. Blocks never move and live as long as this object.
/// </remarks>
public sealed partial class DirtyMemory
{
    /// <summary>Number of dirty clients.</summary>
    public const int ClientCount = 3;

    /// <summary>Pages described by one bitmap block.</summary>
    public const int PagesPerBlock = BitmapBlock.Pages;

    private const int WordsPerBlock = BitmapBlock.WordCount;
    private const int BlockShift = 15;

    private readonly BitmapBlock[][] _maps = [[], [], []];
    private bool _globalTrackingEnabled;
    private bool _codeTrackingEnabled;

    /// <summary>Makes empty bitmaps.</summary>
    public DirtyMemory()
    {
    }

    /// <summary>Whether somebody copies memory while the guest runs; only then does a merge reach <see cref="DirtyClient.Migration"/>.</summary>
    public bool GlobalTrackingEnabled
    {
        get => Volatile.Read(ref _globalTrackingEnabled);
        internal set => Volatile.Write(ref _globalTrackingEnabled, value);
    }

    /// <summary>Whether the engine keeps something derived from guest code; only then does a merge reach <see cref="DirtyClient.Code"/>.</summary>
    public bool CodeTrackingEnabled
    {
        get => Volatile.Read(ref _codeTrackingEnabled);
        internal set => Volatile.Write(ref _codeTrackingEnabled, value);
    }

    /// <summary>Pages that the bitmaps cover.</summary>
    public ulong CapacityPages => (ulong)Map(DirtyClient.Migration).Length * PagesPerBlock;

    // Told which range lost its bits, so that the dirty logs can protect those pages again.
    internal Action<RamAddress, ulong>? LogClear { get; set; }

    /// <summary>Marks every page that the range touches.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The range is not in the linear RAM space.</exception>
    public void SetRange(RamAddress start, ulong lengthBytes, DirtyClientMask clients)
    {
        var (first, count) = PagesOf(start, lengthBytes);
        for (var client = 0; client < ClientCount; client++)
        {
            if (((int)clients >> client & 1) != 0)
                SetPages(Map((DirtyClient)client), first, count);
        }
    }

    /// <summary>Marks the pages of a store that was made just before, for those clients that do not have them all yet.</summary>
    /// <remarks>The data is stored first and this is called after it; the fence in here keeps the test of the bits behind the data.</remarks>
    /// <exception cref="ArgumentOutOfRangeException">The range is not in the linear RAM space.</exception>
    public void SetRangeAfterStore(RamAddress start, ulong lengthBytes, DirtyClientMask clients)
    {
        if (clients == DirtyClientMask.None || lengthBytes == 0)
            return;
        Interlocked.MemoryBarrier();
        SetRange(start, lengthBytes, FindIncomplete(start, lengthBytes, clients));
    }

    /// <summary>Those of <paramref name="clients"/> for whom at least one page of the range is not dirty.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The range is not in the linear RAM space.</exception>
    public DirtyClientMask FindIncomplete(RamAddress start, ulong lengthBytes, DirtyClientMask clients)
    {
        var (first, count) = PagesOf(start, lengthBytes);
        var incomplete = DirtyClientMask.None;
        for (var client = 0; client < ClientCount; client++)
        {
            var bit = (DirtyClientMask)(1 << client);
            if ((clients & bit) != DirtyClientMask.None && !AreAllSet(Map((DirtyClient)client), first, count))
                incomplete |= bit;
        }
        return incomplete;
    }

    /// <summary>Whether the page is dirty for the client.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The page is not in the linear RAM space.</exception>
    public bool IsDirty(DirtyClient client, PageIndex page)
    {
        var map = Map(client);
        CheckPages(page.Value, 1);
        return map[page.Value / PagesPerBlock].AreAllSet(page.Value % PagesPerBlock, 1);
    }

    /// <summary>Whether at least one of the three clients does not have the page.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The page is not in the linear RAM space.</exception>
    public bool IsClean(PageIndex page)
        => !IsDirty(DirtyClient.Vga, page) || !IsDirty(DirtyClient.Code, page) || !IsDirty(DirtyClient.Migration, page);

    /// <summary>Takes the pages of the range out of a client's bitmap, has them protected again, and returns whether any was dirty.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The range is not in the linear RAM space.</exception>
    public bool TestAndClear(RamAddress start, ulong lengthBytes, DirtyClient client)
    {
        var (first, count) = PagesOf(start, lengthBytes);
        var any = ClearPages(Map(client), first, count);
        if (any)
            LogClear?.Invoke(start, lengthBytes);
        return any;
    }

    /// <summary>Moves a client's bits of a range into a private copy and has the range protected again.</summary>
    /// <remarks>The copy, and what is taken, is widened to multiples of 64 pages; the dirty logs are cleared for the wanted range only.</remarks>
    /// <exception cref="ArgumentOutOfRangeException">The range is not in the linear RAM space.</exception>
    public DirtySnapshot SnapshotAndClear(RamAddress start, ulong lengthBytes, DirtyClient client)
    {
        var (first, count) = PagesOf(start, lengthBytes);
        var map = Map(client);
        var firstWord = first >> 6;
        var words = new ulong[checked((int)(TargetPage.WordsFor(first + count) - firstWord))];
        for (var i = 0; i < words.Length; i++)
            words[i] = BlockOf(map, firstWord + (ulong)i, out var word).Take(word);
        Interlocked.MemoryBarrier();
        LogClear?.Invoke(start, lengthBytes);
        return new DirtySnapshot(new PageIndex(firstWord << 6), words);
    }

    // Drops bits without telling the dirty logs: the pages themselves go away.
    internal void ClearRange(RamAddress start, ulong lengthBytes, DirtyClientMask clients)
    {
        var (first, count) = PagesOf(start, lengthBytes);
        for (var client = 0; client < ClientCount; client++)
        {
            if (((int)clients >> client & 1) != 0)
                ClearPages(Map((DirtyClient)client), first, count);
        }
    }

    // Called under the big lock, before the block that ends there is published.
    internal void EnsureCapacity(RamAddress end)
    {
        var needed = checked((int)(((end.Value >> TargetPage.Bits) + PagesPerBlock - 1) / PagesPerBlock));
        for (var client = 0; client < ClientCount; client++)
        {
            var old = _maps[client];
            if (old.Length >= needed)
                continue;
            var grown = new BitmapBlock[needed];
            old.CopyTo(grown, 0);
            for (var i = old.Length; i < needed; i++)
                grown[i] = new BitmapBlock();
            Volatile.Write(ref _maps[client], grown);
        }
    }

    // The words of one bitmap block, for measurements that need to read the same memory.
    internal ReadOnlySpan<ulong> GetWords(DirtyClient client, int block) => Map(client)[block].Words;

    private BitmapBlock[] Map(DirtyClient client) => Volatile.Read(ref _maps[(int)client]);

    private static BitmapBlock BlockOf(BitmapBlock[] map, ulong wordIndex, out int word)
    {
        word = (int)(wordIndex & (WordsPerBlock - 1));
        return map[wordIndex >> BlockShift];
    }

    private static void SetPages(BitmapBlock[] map, ulong first, ulong count)
    {
        foreach (var run in new BlockRuns(first, count))
            map[run.Block].SetRange(run.First, run.Count);
    }

    private static bool ClearPages(BitmapBlock[] map, ulong first, ulong count)
    {
        var any = false;
        foreach (var run in new BlockRuns(first, count))
            any |= map[run.Block].ClearRange(run.First, run.Count);
        return any;
    }

    private static bool AreAllSet(BitmapBlock[] map, ulong first, ulong count)
    {
        foreach (var run in new BlockRuns(first, count))
        {
            if (!map[run.Block].AreAllSet(run.First, run.Count))
                return false;
        }
        return true;
    }

    // The pages that a byte range touches.
    private (ulong First, ulong Count) PagesOf(RamAddress start, ulong lengthBytes)
    {
        if (lengthBytes == 0)
            return (start.Value >> TargetPage.Bits, 0);
        if (lengthBytes - 1 > ulong.MaxValue - start.Value)
            throw OutOfRange(start.Value >> TargetPage.Bits, lengthBytes >> TargetPage.Bits);
        var first = start.Value >> TargetPage.Bits;
        var count = ((start.Value + (lengthBytes - 1)) >> TargetPage.Bits) - first + 1;
        CheckPages(first, count);
        return (first, count);
    }

    private void CheckPages(ulong first, ulong count)
    {
        var capacity = CapacityPages;
        if (first > capacity || count > capacity - first)
            throw OutOfRange(first, count);
    }

    private ArgumentOutOfRangeException OutOfRange(ulong first, ulong count)
        => new(nameof(first), $"{count} pages from page {first} are not inside the linear RAM space of {CapacityPages} pages.");
}
