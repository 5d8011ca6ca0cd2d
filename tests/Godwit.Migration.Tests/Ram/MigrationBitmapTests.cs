using System.Numerics;
using FsCheck;
using FsCheck.Fluent;
using Godwit.Memory;

namespace Godwit.Migration.Tests.Ram;

public sealed class MigrationBitmapTests : IDisposable
{
    private readonly RamTestMachine _machine = new();

    public void Dispose() => _machine.Dispose();

    [Fact]
    public void Sync_WorkedExample_CountsOnlyNewBits()
    {
        _machine.AddBlock("board.ram", 0x10000);
        _machine.AddBlock("board.mrom", 0xf);
        RamBlock block = _machine.AddBlock("flash", 128);
        Assert.Equal(0x10040000UL, block.Offset.Value);
        var bitmap = new MigrationBitmap(_machine.Memory, [block]);
        RamBlockBitmap bits = bitmap.Blocks[0];
        Assert.Equal(64, bitmap.TakeRun(bits, 0, 64));
        Assert.Equal(63, bitmap.TakeRun(bits, 65, 100));
        Assert.Equal(1, bitmap.DirtyPages);
        ClearGlobal(block);
        SetGlobal(block, 0, 63, 64, 65);

        long found = bitmap.Sync(lastStage: false);

        Assert.Equal(3, found);
        Assert.Equal(4, bitmap.DirtyPages);
        Assert.Equal([0x8000000000000001, 0x3UL], Words(bitmap, bits));
        Assert.Equal(0, bitmap.Sync(lastStage: false));
        Assert.Equal(2, bitmap.SyncCount);
        Assert.Equal(3, bitmap.NewlyDirtyPages);
        Assert.Equal(4 * 4096, bitmap.DirtyBytesAtLastSync);
    }

    [Fact]
    public void Constructor_NewMigration_HasAllPagesOfAllBlocks()
    {
        RamBlock ram = _machine.AddBlock("ram", 130);
        RamBlock tables = _machine.AddBlock("tables", 3, new RamBlockOptions { MaxLengthBytes = 128 * 4096 });

        var bitmap = new MigrationBitmap(_machine.Memory, [ram, tables]);

        Assert.Equal(133, bitmap.DirtyPages);
        Assert.Equal(0, bitmap.Sync(lastStage: false)); // everything is dirty already: nothing new
        Assert.Equal(7UL, Words(bitmap, bitmap.Blocks[1])[0]); // and nothing beyond the used length
    }

    /// <summary>Properties M1, M2, M5 and M6: any block length, any dirty pages, any pages taken before.</summary>
    [Fact]
    public void Sync_AnyBits_MovesThemAllOnceAndKeepsTheCount()
    {
        RamBlock[] blocks = [.. new ulong[] { 64, 128, 127, 1, 65, 192, 200 }.Select((pages, i) => _machine.AddBlock($"b{i}", pages))];
        Prop.ForAll(Gen.Choose(0, int.MaxValue - 1).ToArbitrary(), seed =>
        {
            var random = new Random(seed);
            RamBlock block = blocks[random.Next(blocks.Length)];
            var bitmap = new MigrationBitmap(_machine.Memory, [block], clearShift: 6);
            RamBlockBitmap bits = bitmap.Blocks[0];
            var expected = new SortedSet<long>(Enumerable.Range(0, (int)block.PageCount).Select(i => (long)i));
            for (int i = 0; i < 20; i++)
            {
                long first = bitmap.FindNext(bits, random.Next((int)block.PageCount));
                if (first == bits.PageCount)
                    continue;
                int count = bitmap.TakeRun(bits, first, random.Next(1, 100));
                for (long page = first; page < first + count; page++)
                {
                    if (!expected.Remove(page))
                        return false;
                }
            }

            ClearGlobal(block);
            ulong[] dirty = [.. Enumerable.Range(0, random.Next(80)).Select(_ => (ulong)random.Next((int)block.PageCount))];
            SetGlobal(block, dirty);
            long fresh = dirty.Distinct().Count(page => expected.Add((long)page));
            return bitmap.Sync(lastStage: false) == fresh
                && bitmap.DirtyPages == expected.Count
                && Set(Words(bitmap, bits)).SequenceEqual(expected)
                && !dirty.Any(page => _machine.Memory.Dirty.IsDirty(DirtyClient.Migration, block.Offset.Page.Add(page)))
                && bitmap.Sync(lastStage: false) == 0
                && bitmap.DirtyPages == expected.Count;
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void TakeRun_AlignedBlock_ClearsTheLogOfEachChunkOnceBeforeItsFirstPage()
    {
        RamBlock block = _machine.AddBlock("ram", 256);
        ModelDirtyLog log = Log(block);
        var bitmap = new MigrationBitmap(_machine.Memory, [block], clearShift: 6);
        RamBlockBitmap bits = bitmap.Blocks[0];
        bitmap.Sync(lastStage: false);
        Assert.Empty(log.Clears);

        bitmap.TakeRun(bits, 10, 20);
        Assert.Equal([(block, 0UL, 64UL)], log.Clears);
        bitmap.TakeRun(bits, 30, 20);
        Assert.Single(log.Clears);
        bitmap.TakeRun(bits, 60, 100); // three chunks, the first of which is done

        Assert.Equal([(block, 0UL, 64UL), (block, 64UL, 64UL), (block, 128UL, 64UL)], log.Clears);
    }

    [Fact]
    public void TakeRun_DefaultChunk_IsClippedToTheBlockAndClearedAgainAfterTheNextSync()
    {
        RamBlock block = _machine.AddBlock("ram", 256);
        ModelDirtyLog log = Log(block);
        var bitmap = new MigrationBitmap(_machine.Memory, [block]);
        bitmap.Sync(lastStage: false);
        bitmap.TakeRun(bitmap.Blocks[0], 0, 1);
        bitmap.Sync(lastStage: false);

        bitmap.TakeRun(bitmap.Blocks[0], 1, 1);

        Assert.Equal([(block, 0UL, 256UL), (block, 0UL, 256UL)], log.Clears);
    }

    [Fact]
    public void Sync_BlockThatDoesNotEndOnAWord_ClearsItsLogAtOnce()
    {
        RamBlock block = _machine.AddBlock("ram", 100);
        ModelDirtyLog log = Log(block);
        var bitmap = new MigrationBitmap(_machine.Memory, [block]);

        bitmap.Sync(lastStage: false);
        Assert.Equal([(block, 0UL, 100UL)], log.Clears);
        bitmap.TakeRun(bitmap.Blocks[0], 0, 10);

        Assert.Single(log.Clears);
    }

    [Theory]
    [InlineData(0, 100, 100)]
    [InlineData(90, 1000, 10)]
    [InlineData(100, long.MaxValue, 0)]
    [InlineData(long.MaxValue, long.MaxValue, 0)]
    public void Forget_Range_TakesItOutOfTheCount(long first, long count, long removed)
    {
        RamBlock block = _machine.AddBlock("ram", 100);
        var bitmap = new MigrationBitmap(_machine.Memory, [block]);

        Assert.Equal(removed, bitmap.Forget(bitmap.Blocks[0], first, count));

        Assert.Equal(100 - removed, bitmap.DirtyPages);
    }

    private static IEnumerable<long> Set(ulong[] words) =>
        words.SelectMany((word, i) => Enumerable.Range(0, 64).Where(bit => (word >> bit & 1) != 0).Select(bit => (i * 64L) + bit));

    /// <summary>Reads the bits through the search, which is how they are used.</summary>
    private static ulong[] Words(MigrationBitmap bitmap, RamBlockBitmap block)
    {
        ulong[] words = new ulong[(block.PageCount + 63) / 64];
        for (long page = bitmap.FindNext(block, 0); page < block.PageCount; page = bitmap.FindNext(block, page + 1))
            words[page / 64] |= 1UL << (int)(page % 64);
        Assert.Equal(words.Sum(word => BitOperations.PopCount(word)), bitmap.Blocks.Length == 1 ? bitmap.DirtyPages : words.Sum(word => BitOperations.PopCount(word)));
        return words;
    }

    private ModelDirtyLog Log(RamBlock block)
    {
        var log = new ModelDirtyLog();
        log.Watch(block);
        using (_machine.Memory.BigLock.Enter())
        {
            _machine.Space.RegisterListener(log);
            _machine.Memory.StartGlobalLogging(GlobalDirtyTracking.Migration);
        }

        return log;
    }

    private void ClearGlobal(RamBlock block) => _machine.Memory.Dirty.TestAndClear(block.Offset, block.UsedLengthBytes, DirtyClient.Migration);

    private void SetGlobal(RamBlock block, params ulong[] pages)
    {
        foreach (ulong page in pages)
            _machine.Memory.Dirty.SetRange(block.Offset.Add(page * 4096), 4096, DirtyClientMask.Migration);
    }
}
