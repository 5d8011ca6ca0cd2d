using System.Numerics;

namespace Godwit.Memory.Tests;

public sealed class DirtyMemoryTests
{
    private const DirtyClientMask Migration = DirtyClientMask.Migration;

    public static TheoryData<ulong, ulong[], long, (ulong Page, ulong Bits)[]> WorkedExamples => new()
    {
        { 0x10040, [0x8000000000000001, 0, 0xFF], 10, [(1025 * 64, 0x8000000000000001), (1027 * 64, 0xFF)] },
        { 0x10000, [0x5], 2, [(1024 * 64, 0x5)] },
        { 2097088, [1, 2], 2, [(32767 * 64, 1), (32768 * 64, 2)] },
        { 0x25, [0x8000000000000001, 0x3], 4, [(0, 0x2000000000), (64, 0x7000000000)] },
        { 62, [0xF], 4, [(0, 0xC000000000000000), (64, 0x3)] },
        { 2097149, [0xF], 4, [(32767 * 64, 0xE000000000000000), (32768 * 64, 1)] },
    };

    [Theory]
    [MemberData(nameof(WorkedExamples))]
    public void MergeBitmap_WorkedExample_ExactlyTheseWords(ulong startPage, ulong[] words, long expectedCount, (ulong Page, ulong Bits)[] expectedWords)
    {
        var dirty = Create(2);
        dirty.GlobalTrackingEnabled = true;
        Assert.Equal(expectedCount, dirty.MergeBitmap(new PageIndex(startPage).ToRamAddress(), words, words.Length * 64L));
        foreach (var client in new[] { DirtyClient.Vga, DirtyClient.Migration })
            Assert.Equal(expectedWords, NonZeroWords(dirty, client));
        Assert.Empty(NonZeroWords(dirty, DirtyClient.Code));
    }

    [Fact]
    public void MergeBitmap_NoGlobalTracking_OnlyDisplaysGetTheBits()
    {
        var dirty = Create(1);
        dirty.MergeBitmap(new RamAddress(0), [1], 64);
        Assert.True(dirty.IsDirty(DirtyClient.Vga, new PageIndex(0)));
        Assert.False(dirty.IsDirty(DirtyClient.Migration, new PageIndex(0)));
        dirty.CodeTrackingEnabled = true;
        dirty.MergeBitmap(new RamAddress(0), [2], 64);
        Assert.True(dirty.IsDirty(DirtyClient.Code, new PageIndex(1)));
    }

    [Fact]
    public void MergeBitmap_BitsPastTheEnd_Ignored()
    {
        var dirty = Create(1);
        Assert.Equal(3, dirty.MergeBitmap(new RamAddress(0), [ulong.MaxValue], 3));
        Assert.Equal([(0UL, 7UL)], NonZeroWords(dirty, DirtyClient.Vga));
        Assert.Equal(0, dirty.MergeBitmap(new RamAddress(0), [], 0));
    }

    [Fact]
    public void MergeBitmap_LargeHostPages_EveryBitStandsForSeveralPages()
    {
        var dirty = Create(1);
        Assert.Equal(2, dirty.MergeBitmap(new PageIndex(16).ToRamAddress(), [0b1001], 4, targetPagesPerBit: 16));
        Assert.Equal([(0UL, 0x00000000FFFF0000UL), (64UL, 0xFFFFUL)], NonZeroWords(dirty, DirtyClient.Vga));
    }

    [Fact]
    public void MergeBitmap_BadArguments_Refused()
    {
        var dirty = Create(1);
        Assert.Throws<ArgumentException>(() => { dirty.MergeBitmap(new RamAddress(1), [1], 1); });
        Assert.Throws<ArgumentException>(() => { dirty.MergeBitmap(new RamAddress(0), [1], 65); });
        Assert.Throws<ArgumentOutOfRangeException>(() => { dirty.MergeBitmap(new PageIndex(2097152).ToRamAddress(), [1], 1); });
        Assert.Throws<ArgumentOutOfRangeException>(() => { dirty.MergeBitmap(new RamAddress(0), [1], -1); });
        Assert.Empty(NonZeroWords(dirty, DirtyClient.Vga));
    }

    [Fact]
    public void Merge_RandomInput_WordShiftBitAndScalarPathsAgreeWithASetOfPages() => Seeds.ForAll(seed =>
    {
        var random = new Random(seed);
        var words = RandomWords(random, random.Next(1, 200));
        // Around the border of two bitmap blocks, aligned every second time.
        var start = (ulong)(DirtyMemory.PagesPerBlock - random.Next(1, 100 * 64));
        if (random.Next(2) == 0)
            start &= ~63UL;
        var expected = PagesOf(words, start);

        var whole = Create(2);
        whole.GlobalTrackingEnabled = true;
        var shifted = Create(2);
        var bits = Create(2);
        var scalar = new ulong[words.Length];
        var counts = new[]
        {
            whole.MergeBitmap(new PageIndex(start).ToRamAddress(), words, words.Length * 64L),
            shifted.MergeByShift(Migration, start, words),
            bits.MergeByBits(Migration, start, words, 1),
            DirtyKernels.MergeScalar(words, scalar, default, default),
        };
        return counts.All(count => count == expected.Count)
            && expected.SetEquals(Pages(whole, DirtyClient.Migration))
            && expected.SetEquals(Pages(shifted, DirtyClient.Migration))
            && expected.SetEquals(Pages(bits, DirtyClient.Migration))
            && scalar.SequenceEqual(words);
    });

    [Fact]
    public void Drain_RandomRange_MovesExactlyTheRangeAndCountsNewBits() => Seeds.ForAll(seed =>
    {
        var random = new Random(seed);
        var dirty = Create(2);
        var words = RandomWords(random, 300);
        var firstPage = (ulong)(DirtyMemory.PagesPerBlock - (150 * 64));
        dirty.MergeByWords(Migration, firstPage >> 6, words);
        var before = Pages(dirty, DirtyClient.Migration);

        var start = firstPage + (ulong)random.Next(100 * 64);
        var pages = (ulong)random.Next(1, 150 * 64);
        if (random.Next(2) == 0)
        {
            start &= ~63UL;
            pages = (pages | 63) + 1;
        }
        var into = RandomWords(random, (int)TargetPage.WordsFor(pages));
        PageBitmap.ClearRange(into, pages, ((ulong)into.Length * 64) - pages);
        var had = PagesOf(into, start);
        var fresh = dirty.Drain(DirtyClient.Migration, new PageIndex(start).ToRamAddress(), pages * TargetPage.SizeBytes, into);

        var taken = before.Where(page => page >= start && page < start + pages).ToHashSet();
        var union = had.Union(taken).ToHashSet();
        return union.SetEquals(PagesOf(into, start))
            && fresh == union.Count - had.Count
            && before.Except(taken).ToHashSet().SetEquals(Pages(dirty, DirtyClient.Migration));
    });

    [Fact]
    public void Drain_ScalarAndVector_Agree() => Seeds.ForAll(seed =>
    {
        var random = new Random(seed);
        var source = RandomWords(random, random.Next(1, 40) * DirtyKernels.Lanes);
        var into = RandomWords(random, source.Length);
        var (sourceTwin, intoTwin) = (source.ToArray(), into.ToArray());
        var drain = new LineDrain(source, into);
        for (var index = 0; index < source.Length; index += DirtyKernels.Lanes)
            drain.Process(index);
        return drain.Fresh == DirtyKernels.DrainScalar(sourceTwin, intoTwin)
            && source.SequenceEqual(sourceTwin) && into.SequenceEqual(intoTwin);
    });

    [Fact]
    public void Drain_PartsOfLinesOneAfterAnother_TheRestIsStillFound() => Seeds.ForAll(seed =>
    {
        // A drain of a part of a line must not make a later one believe that the rest of the line is empty.
        var random = new Random(seed);
        var dirty = Create(1);
        var words = RandomWords(random, 300);
        dirty.MergeByWords(Migration, 0, words);
        var into = new ulong[words.Length];
        for (var first = 0; first < words.Length;)
        {
            var count = Math.Min(random.Next(1, 40), words.Length - first);
            dirty.Drain(DirtyClient.Migration, new PageIndex((ulong)first * 64).ToRamAddress(), (ulong)count * TargetPage.BytesPerWord, into.AsSpan(first, count));
            first += count;
        }
        return into.SequenceEqual(words) && NonZeroWords(dirty, DirtyClient.Migration).Count == 0;
    });

    [Theory]
    [InlineData(0x80000, true)]
    [InlineData(0x7F000, false)]
    public void Drain_WorkedExampleOfASync_SameResultOnBothPaths(ulong lengthBytes, bool isWordPath)
    {
        var dirty = Create(1);
        dirty.GlobalTrackingEnabled = true;
        var start = new RamAddress(0x10040000);
        dirty.MergeBitmap(start, [0x8000000000000001, 0x3], 128);
        ulong[] bitmap = [0x0, 0x1];
        Assert.Equal(isWordPath, DirtyMemory.IsWordPath(start, lengthBytes));
        Assert.Equal(3, dirty.Drain(DirtyClient.Migration, start, lengthBytes, bitmap));
        Assert.Equal([0x8000000000000001, 0x3], bitmap);
        Assert.Empty(NonZeroWords(dirty, DirtyClient.Migration));
        Assert.Equal(0, dirty.Drain(DirtyClient.Migration, start, lengthBytes, bitmap));
        Assert.Equal(2, NonZeroWords(dirty, DirtyClient.Vga).Count);
    }

    [Fact]
    public void SetRange_AcrossBitmapBlocks_EveryTouchedPage()
    {
        var dirty = Create(2);
        var start = new PageIndex(DirtyMemory.PagesPerBlock - 70).ToRamAddress().Add(0xFFF);
        dirty.SetRange(start, 2 + (99 * 0x1000), DirtyClientMask.Code | Migration);
        Assert.True(Pages(dirty, DirtyClient.Migration).SetEquals(Enumerable.Range(DirtyMemory.PagesPerBlock - 70, 101).Select(p => (ulong)p)));
        Assert.True(Pages(dirty, DirtyClient.Code).SetEquals(Pages(dirty, DirtyClient.Migration)));
        Assert.Empty(NonZeroWords(dirty, DirtyClient.Vga));
        dirty.SetRange(start, 0, DirtyClientMask.All);
        Assert.Empty(NonZeroWords(dirty, DirtyClient.Vga));
        Assert.Throws<ArgumentOutOfRangeException>(() => dirty.SetRange(new RamAddress(ulong.MaxValue), 2, DirtyClientMask.All));
    }

    [Fact]
    public void FindIncomplete_PartlyDirty_NamesTheClientsThatLackAPage()
    {
        var dirty = Create(1);
        dirty.SetRange(new RamAddress(0), 0x3000, DirtyClientMask.Vga);
        dirty.SetRange(new RamAddress(0), 0x2000, Migration);
        Assert.Equal(DirtyClientMask.Code | Migration, dirty.FindIncomplete(new RamAddress(0), 0x3000, DirtyClientMask.All));
        Assert.Equal(DirtyClientMask.None, dirty.FindIncomplete(new RamAddress(0), 0x2000, DirtyClientMask.Vga | Migration));
        Assert.True(dirty.IsClean(new PageIndex(0)));
        dirty.SetRange(new RamAddress(0), 1, DirtyClientMask.Code);
        Assert.False(dirty.IsClean(new PageIndex(0)));
    }

    [Fact]
    public void TestAndClear_DirtyAndClean_TellsAndAsksForProtectionOnlyOnce()
    {
        var cleared = new List<(ulong Start, ulong Length)>();
        var dirty = Create(1);
        dirty.LogClear = (start, length) => cleared.Add((start.Value, length));
        dirty.SetRange(new RamAddress(0x4000), 1, Migration);
        Assert.True(dirty.TestAndClear(new RamAddress(0x3000), 0x2000, DirtyClient.Migration));
        Assert.False(dirty.TestAndClear(new RamAddress(0x3000), 0x2000, DirtyClient.Migration));
        Assert.Equal([(0x3000UL, 0x2000UL)], cleared);
    }

    [Fact]
    public void EnsureCapacity_Grows_KeepsBitsAndNeverShrinks()
    {
        var dirty = Create(1);
        dirty.SetRange(new PageIndex(5).ToRamAddress(), 1, DirtyClientMask.All);
        dirty.EnsureCapacity(new PageIndex((2 * DirtyMemory.PagesPerBlock) + 1).ToRamAddress());
        Assert.Equal(3UL * DirtyMemory.PagesPerBlock, dirty.CapacityPages);
        Assert.True(dirty.IsDirty(DirtyClient.Vga, new PageIndex(5)));
        dirty.EnsureCapacity(new RamAddress(1));
        Assert.Equal(3UL * DirtyMemory.PagesPerBlock, dirty.CapacityPages);
    }

    [Fact]
    public void Bitmaps_SparseTebibyteBlock_LastPageCanBeMarkedAndDrained()
    {
        const ulong OneTebibyte = 1UL << 40;
        using var system = new MemorySystem();
        using var held = system.BigLock.Enter();
        var block = MemoryRegion.CreateRam(system, "huge", OneTebibyte).RamBlock!;
        Assert.Equal(1UL << 28, block.PageCount);
        Assert.Equal(128UL * DirtyMemory.PagesPerBlock, system.Dirty.CapacityPages);
        var into = new ulong[block.PageCount / 64];
        Assert.Equal(1L << 28, system.Dirty.Drain(DirtyClient.Migration, block.Offset, OneTebibyte, into));
        system.StartGlobalLogging(GlobalDirtyTracking.Migration);
        system.WriteRam(block, new RamOffset(OneTebibyte - 1), [0x5A]);
        Array.Clear(into);
        Assert.Equal(1, system.Dirty.Drain(DirtyClient.Migration, block.Offset, OneTebibyte, into));
        Assert.Equal((1UL << 28) - 1, PageBitmap.FindNextSet(into, 0, 1UL << 28));
        Assert.Equal(0x5A, block.GetSpan(new RamOffset(OneTebibyte - 1), 1)[0]);
    }

    internal static DirtyMemory Create(int blocks)
    {
        var dirty = new DirtyMemory();
        dirty.EnsureCapacity(new PageIndex((ulong)blocks * DirtyMemory.PagesPerBlock).ToRamAddress());
        return dirty;
    }

    // A mixture of empty, full, sparse and dense words, in runs, so that the vector paths meet every case.
    internal static ulong[] RandomWords(Random random, int count)
    {
        var words = new ulong[count];
        for (var i = 0; i < count;)
        {
            var kind = random.Next(4);
            for (var run = random.Next(1, 40); run > 0 && i < count; run--, i++)
            {
                words[i] = kind switch
                {
                    0 => 0,
                    1 => ulong.MaxValue,
                    2 => 1UL << random.Next(64),
                    _ => (ulong)random.NextInt64() ^ ((ulong)random.NextInt64() << 1),
                };
            }
        }
        return words;
    }

    internal static HashSet<ulong> PagesOf(ReadOnlySpan<ulong> words, ulong start)
    {
        var pages = new HashSet<ulong>();
        for (var page = 0; page < words.Length * 64; page++)
        {
            if ((words[page / 64] >> (page % 64) & 1) != 0)
                pages.Add(start + (ulong)page);
        }
        return pages;
    }

    internal static HashSet<ulong> Pages(DirtyMemory dirty, DirtyClient client)
    {
        var pages = new HashSet<ulong>();
        foreach (var (first, bits) in NonZeroWords(dirty, client))
        {
            for (var left = bits; left != 0; left &= left - 1)
                pages.Add(first + (ulong)BitOperations.TrailingZeroCount(left));
        }
        return pages;
    }

    // First page and bits of every word that is not zero; the drain runs on a twin so that the bits stay.
    private static List<(ulong Page, ulong Bits)> NonZeroWords(DirtyMemory dirty, DirtyClient client)
    {
        var found = new List<(ulong, ulong)>();
        var words = new ulong[dirty.CapacityPages / 64];
        dirty.Drain(client, new RamAddress(0), dirty.CapacityPages * TargetPage.SizeBytes, words);
        for (var i = 0; i < words.Length; i++)
        {
            if (words[i] == 0)
                continue;
            found.Add(((ulong)i * 64, words[i]));
            for (var left = words[i]; left != 0; left &= left - 1)
                dirty.SetRange(new PageIndex(((ulong)i * 64) + (ulong)BitOperations.TrailingZeroCount(left)).ToRamAddress(), 1, (DirtyClientMask)(1 << (int)client));
        }
        return found;
    }
}
