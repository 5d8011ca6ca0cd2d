namespace Godwit.Memory.Tests;

public sealed class DirtyMemoryConcurrencyTests
{
    private const int Threads = 4;
    private const int Pages = 64 * 256;

    [Fact]
    public void Set_FourThreads_UnionIsExact()
    {
        var dirty = DirtyMemoryTests.Create(1);
        var expected = Run(dirty, seed: 1, () => { });
        Assert.True(expected.SetEquals(DirtyMemoryTests.Pages(dirty, DirtyClient.Migration)));
    }

    [Theory]
    [InlineData(Pages)]
    [InlineData(Pages - 3)]
    public void Drain_WhileFourThreadsSet_NothingLostAndNothingInvented(int pages)
    {
        var dirty = DirtyMemoryTests.Create(1);
        var own = new ulong[Pages / 64];
        var all = new ulong[Pages / 64];
        var expected = Run(dirty, seed: 2, DrainOnce);
        DrainOnce();
        var left = DirtyMemoryTests.Pages(dirty, DirtyClient.Migration);
        Assert.All(left, page => Assert.True(page >= (ulong)pages));
        left.UnionWith(DirtyMemoryTests.PagesOf(all, 0));
        Assert.True(expected.SetEquals(left));

        void DrainOnce()
        {
            Array.Clear(own);
            var fresh = dirty.Drain(DirtyClient.Migration, new RamAddress(0), (ulong)pages * TargetPage.SizeBytes, own);
            Assert.Equal((ulong)fresh, PageBitmap.CountSet(own, 0, Pages));
            for (var i = 0; i < own.Length; i++)
                all[i] |= own[i];
        }
    }

    [Fact]
    public void Drain_WordsGoFullAgainAndAgain_EveryStoreIsSeenAfterItsBit()
    {
        // One writer fills whole words with increasing numbers stored before the bits; after the drain that brings a bit, the number behind it
        // must be at least the one that was stored when the bit was set: the last drain has to leave the copy equal to the source.
        var dirty = DirtyMemoryTests.Create(1);
        var memory = new long[Pages];
        var copy = new long[Pages];
        var own = new ulong[Pages / 64];
        var isDone = false;
        var writer = new Thread(() =>
        {
            var random = new Random(5);
            for (var round = 1; round <= 400; round++)
            {
                var first = random.Next(Pages - 600);
                var count = random.Next(1, 600);
                for (var page = first; page < first + count; page++)
                    Volatile.Write(ref memory[page], round);
                dirty.SetRangeAfterStore(new PageIndex((ulong)first).ToRamAddress(), (ulong)count * TargetPage.SizeBytes, DirtyClientMask.Migration);
            }
            Volatile.Write(ref isDone, true);
        });
        writer.Start();
        while (!Volatile.Read(ref isDone))
            CopyDirty();
        writer.Join();
        CopyDirty();
        Assert.Equal(memory, copy);

        void CopyDirty()
        {
            Array.Clear(own);
            dirty.Drain(DirtyClient.Migration, new RamAddress(0), Pages * TargetPage.SizeBytes, own);
            for (var page = PageBitmap.FindNextSet(own, 0, Pages); page < Pages; page = PageBitmap.FindNextSet(own, page + 1, Pages))
                copy[page] = Volatile.Read(ref memory[page]);
        }
    }

    [Fact]
    public void EnsureCapacity_WhileFourThreadsSet_NothingLost()
    {
        var dirty = DirtyMemoryTests.Create(1);
        var blocks = 1UL;
        var expected = Run(dirty, seed: 3, () =>
        {
            if (blocks < 12)
                dirty.EnsureCapacity(new PageIndex(++blocks * DirtyMemory.PagesPerBlock).ToRamAddress());
        });
        var own = new ulong[Pages / 64];
        dirty.Drain(DirtyClient.Migration, new RamAddress(0), Pages * TargetPage.SizeBytes, own);
        Assert.True(expected.SetEquals(DirtyMemoryTests.PagesOf(own, 0)));
    }

    // Four threads set bits by every way there is; returns what they set.
    private static HashSet<ulong> Run(DirtyMemory dirty, int seed, Action meanwhile)
    {
        dirty.GlobalTrackingEnabled = true;
        var set = new HashSet<ulong>[Threads];
        var threads = new Thread[Threads];
        for (var t = 0; t < Threads; t++)
        {
            var number = t;
            set[t] = [];
            threads[t] = new Thread(() => SetRandomly(dirty, new Random((seed * 100) + number), set[number]));
            threads[t].Start();
        }
        while (Array.Exists(threads, thread => thread.IsAlive))
            meanwhile();
        foreach (var thread in threads)
            thread.Join();
        return [.. set.SelectMany(pages => pages)];
    }

    private static void SetRandomly(DirtyMemory dirty, Random random, HashSet<ulong> pages)
    {
        for (var i = 0; i < 300; i++)
        {
            var first = (ulong)random.Next(Pages - (64 * 64));
            if (random.Next(2) == 0)
            {
                var count = (ulong)random.Next(1, 300);
                dirty.SetRange(new PageIndex(first).ToRamAddress(), count * TargetPage.SizeBytes, DirtyClientMask.Migration);
                for (var page = first; page < first + count; page++)
                    pages.Add(page);
            }
            else
            {
                var words = DirtyMemoryTests.RandomWords(random, random.Next(1, 60));
                if (random.Next(2) == 0)
                    first &= ~63UL;
                dirty.MergeBitmap(new PageIndex(first).ToRamAddress(), words, words.Length * 64L);
                pages.UnionWith(DirtyMemoryTests.PagesOf(words, first));
            }
        }
    }
}
