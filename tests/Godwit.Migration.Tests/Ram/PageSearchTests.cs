using Godwit.Memory;

namespace Godwit.Migration.Tests.Ram;

public sealed class PageSearchTests : IDisposable
{
    private readonly RamTestMachine _machine = new();
    private readonly RamBlock _first;
    private readonly RamBlock _second;
    private readonly MigrationBitmap _bitmap;
    private readonly PageSearch _search;

    public PageSearchTests()
    {
        _first = _machine.AddBlock("first", 128);
        _second = _machine.AddBlock("second", 64);
        _bitmap = new MigrationBitmap(_machine.Memory, _machine.Memory.Ram.Blocks);
        _bitmap.Forget(_bitmap.Blocks[0], 0, 128);
        _bitmap.Forget(_bitmap.Blocks[1], 0, 64);
        _search = new PageSearch(_bitmap);
        _machine.Memory.Dirty.TestAndClear(_first.Offset, _first.UsedLengthBytes, DirtyClient.Migration);
        _machine.Memory.Dirty.TestAndClear(_second.Offset, _second.UsedLengthBytes, DirtyClient.Migration);
    }

    public void Dispose() => _machine.Dispose();

    [Fact]
    public void Next_NothingDirty_WrapsOnceAndIsClean()
    {
        _search.Begin();

        Assert.Equal(["wrap", "clean"], Drain());
    }

    [Fact]
    public void Next_DirtyPages_ComeInBlockAndPageOrderAsRuns()
    {
        MakeDirty(_second, 1, 2, 3);
        MakeDirty(_first, 5, 6, 127);

        Assert.Equal(["first:5+2", "first:127+1", "second:1+3"], SendAll(3));
    }

    [Fact]
    public void Next_RunLongerThanWanted_IsCut()
    {
        MakeDirty(_first, [.. Enumerable.Range(60, 10).Select(page => (ulong)page)]);

        Assert.Equal(["first:60+4", "first:64+4", "first:68+2"], SendAll(3, maxPages: 4));
    }

    [Fact]
    public void Next_AfterTheLastPageSent_GoesOnThereAndWraps()
    {
        MakeDirty(_second, 10);
        Assert.Equal(["second:10+1"], SendAll(1));
        MakeDirty(_first, 0);
        MakeDirty(_second, 9, 20);

        Assert.Equal(["second:20+1", "wrap", "first:0+1", "second:9+1"], SendAll(3));
    }

    [Fact]
    public void Next_LastPageSentIsDirtyAgain_ComesFirst()
    {
        MakeDirty(_second, 10);
        SendAll(1);
        MakeDirty(_first, 0);
        MakeDirty(_second, 10);

        Assert.Equal(["second:10+1", "wrap", "first:0+1"], SendAll(2));
    }

    [Fact]
    public void Next_RunsThatAreNotCommitted_AreGoneOverOnceAndEnd()
    {
        MakeDirty(_first, 3, 9);
        MakeDirty(_second, 5);
        _search.Begin();

        Assert.Equal(["first:3+1", "first:9+1", "second:5+1", "wrap", "clean"], Drain());
    }

    [Fact]
    public void Reset_AfterPagesWereSent_StartsAtTheFirstBlock()
    {
        MakeDirty(_second, 10);
        SendAll(1);
        MakeDirty(_first, 7);
        MakeDirty(_second, 11);

        _search.Reset();

        Assert.Equal(["first:7+1", "second:11+1"], SendAll(2));
    }

    [Fact]
    public void NextInHostPage_BlockOfLargePages_FindsWhatIsLeftOfThePage()
    {
        using var machine = new RamTestMachine();
        RamBlock block = machine.AddBlock("huge", 1024, new RamBlockOptions { PageSizeBytes = 2 << 20 });
        var bitmap = new MigrationBitmap(machine.Memory, [block]);
        bitmap.Forget(bitmap.Blocks[0], 5, 5);
        bitmap.Forget(bitmap.Blocks[0], 500, 100);
        var search = new PageSearch(bitmap);
        search.Begin();

        Assert.Equal(PageSearchOutcome.Run, search.Next(1000, out PageRun run));
        Assert.Equal(new PageRun(block, new PageIndex(0), 5), run);
        Assert.True(search.NextInHostPage(1000, out run));
        Assert.Equal(new PageRun(block, new PageIndex(10), 490), run);
        Assert.False(search.NextInHostPage(1000, out _));
        Assert.Equal(PageSearchOutcome.Run, search.Next(1000, out run));
        Assert.Equal(new PageIndex(600), run.First);
    }

    [Fact]
    public void Next_NoBlocks_IsClean()
    {
        var search = new PageSearch(new MigrationBitmap(_machine.Memory, []));
        search.Begin();

        Assert.Equal(PageSearchOutcome.Clean, search.Next(64, out _));
    }

    private void MakeDirty(RamBlock block, params ulong[] pages)
    {
        foreach (ulong page in pages)
            _machine.Memory.Dirty.SetRange(block.Offset.Add(page * 4096), 4096, DirtyClientMask.Migration);
        _bitmap.Sync(lastStage: false);
    }

    private List<string> SendAll(int runs, int maxPages = 64)
    {
        var steps = new List<string>();
        for (int sent = 0; sent < runs; sent++)
        {
            _search.Begin();
            while (Step(maxPages) is { } step)
            {
                steps.Add(step);
                if (step is "clean")
                    return steps;
                if (step is "wrap")
                    continue;
                _search.Commit();
                break;
            }
        }

        return steps;
    }

    private List<string> Drain()
    {
        var steps = new List<string>();
        do
            steps.Add(Step(64));
        while (steps[^1] is not "clean");
        return steps;
    }

    private string Step(int maxPages) => _search.Next(maxPages, out PageRun run) switch
    {
        PageSearchOutcome.Run => $"{run.Block.IdString}:{run.First}+{run.Count}",
        PageSearchOutcome.Wrapped => "wrap",
        _ => "clean",
    };
}
