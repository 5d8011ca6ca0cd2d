using System.Collections.Immutable;
using Godwit.Memory;

namespace Godwit.Migration;

/// <summary>
/// Finds the next dirty pages in wire order, going round the blocks for ever (docs/formats/ram.md, "Page search").
/// </summary>
/// <remarks>
/// Used by the migration thread alone. One call for pages is <see cref="Begin"/>, then <see cref="Next"/> until pages were
/// really sent, then <see cref="Commit"/>: a run that turned out to need no record (XBZRLE finds pages unchanged) is not
/// committed, and the search goes on without starting the round anew, so that it ends.
/// </remarks>
public sealed class PageSearch
{
    private readonly MigrationBitmap _bitmap;
    private int _lastBlock;
    private long _lastPage;
    private int _block;
    private long _page;
    private bool _completeRound;

    /// <summary>Starts at the first page of the first block.</summary>
    public PageSearch(MigrationBitmap bitmap)
    {
        ArgumentNullException.ThrowIfNull(bitmap);
        _bitmap = bitmap;
    }

    /// <summary>Forgets where the last page was sent: the next search starts at the first block.</summary>
    public void Reset()
    {
        _lastBlock = 0;
        _lastPage = 0;
        Begin();
    }

    /// <summary>Starts a call behind what was committed last.</summary>
    public void Begin()
    {
        _block = _lastBlock;
        _page = _lastPage;
        _completeRound = false;
    }

    /// <summary>Goes on to the next dirty pages and takes them out of the bitmap.</summary>
    /// <param name="maxPages">The longest run wanted; at least 1.</param>
    /// <param name="run">The run, if the outcome is <see cref="PageSearchOutcome.Run"/>.</param>
    public PageSearchOutcome Next(int maxPages, out PageRun run)
    {
        ImmutableArray<RamBlockBitmap> blocks = _bitmap.Blocks;
        run = default;
        if (blocks.IsEmpty)
            return PageSearchOutcome.Clean;
        while (true)
        {
            RamBlockBitmap block = blocks[_block];
            long page = _bitmap.FindNext(block, _page);
            if (_completeRound && _block == _lastBlock && page >= _lastPage)
                return PageSearchOutcome.Clean;
            if (page >= block.PageCount)
            {
                _page = 0;
                _block++;
                if (_block < blocks.Length)
                    continue;
                _block = 0;
                _completeRound = true;
                return PageSearchOutcome.Wrapped;
            }

            int count = _bitmap.TakeRun(block, page, maxPages);
            _page = page + count;
            if (count == 0)
                continue; // cleared between the two looks, by a hint that the page is free
            run = new PageRun(block.Block, new PageIndex((ulong)page), count);
            return PageSearchOutcome.Run;
        }
    }

    /// <summary>
    /// Finds what is left dirty in the host page that the last run ended in: a host page larger than a target page is
    /// sent without a break.
    /// </summary>
    public bool NextInHostPage(int maxPages, out PageRun run)
    {
        run = default;
        RamBlockBitmap block = _bitmap.Blocks[_block];
        long perHostPage = block.Block.PageSizeBytes / TargetPage.SizeBytes;
        if (perHostPage <= 1 || _page % perHostPage == 0)
            return false;
        long end = (_page / perHostPage + 1) * perHostPage;
        long page = _bitmap.FindNext(block, _page);
        if (page >= end)
            return false;
        int count = _bitmap.TakeRun(block, page, (int)Math.Min(maxPages, end - page));
        _page = page + count;
        run = new PageRun(block.Block, new PageIndex((ulong)page), count);
        return count > 0;
    }

    /// <summary>Remembers where the last page was sent: everything found since <see cref="Begin"/> counts as sent.</summary>
    /// <param name="repeatsLast">
    /// Whether the page sent last may come again before the round ends, as peers do it when it is dirty again by then. Where pages of a
    /// round can overtake each other it must not.
    /// </param>
    public void Commit(bool repeatsLast = true)
    {
        _lastBlock = _block;
        _lastPage = repeatsLast && _page != 0 ? _page - 1 : _page;
    }
}
