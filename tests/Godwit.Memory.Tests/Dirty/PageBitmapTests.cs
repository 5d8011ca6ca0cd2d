namespace Godwit.Memory.Tests;

public sealed class PageBitmapTests
{
    [Fact]
    public void Find_RandomBitmaps_AgreeWithALoopOverBits() => Seeds.ForAll(seed =>
    {
        var random = new Random(seed);
        var words = DirtyMemoryTests.RandomWords(random, random.Next(1, 60));
        var limit = (ulong)random.Next(0, (words.Length * 64) + 1);
        for (var i = 0; i < 30; i++)
        {
            var from = (ulong)random.Next(0, (words.Length * 64) + 10);
            if (PageBitmap.FindNextSet(words, from, limit) != Naive(words, from, limit, wanted: true)
                || PageBitmap.FindNextClear(words, from, limit) != Naive(words, from, limit, wanted: false))
            {
                return false;
            }
        }
        return true;
    });

    [Fact]
    public void Range_RandomRanges_AgreeWithALoopOverBits() => Seeds.ForAll(seed =>
    {
        var random = new Random(seed);
        var words = DirtyMemoryTests.RandomWords(random, 20);
        var (set, setAtomic, clear, clearAtomic) = (words.ToArray(), words.ToArray(), words.ToArray(), words.ToArray());
        var from = (ulong)random.Next(20 * 64);
        var count = (ulong)random.Next((int)((20 * 64) - from) + 1);
        var had = 0UL;
        var (expectedSet, expectedClear) = (words.ToArray(), words.ToArray());
        for (var page = from; page < from + count; page++)
        {
            had += words[page / 64] >> (int)(page % 64) & 1;
            expectedSet[page / 64] |= 1UL << (int)(page % 64);
            expectedClear[page / 64] &= ~(1UL << (int)(page % 64));
        }
        PageBitmap.SetRange(set, from, count);
        PageBitmap.SetRangeAtomic(setAtomic, from, count);
        PageBitmap.ClearRange(clear, from, count);
        var any = PageBitmap.ClearRangeAtomic(clearAtomic, from, count);
        return any == (had > 0)
            && PageBitmap.CountSet(words, from, count) == had
            && PageBitmap.AreAllSet(words, from, count) == (had == count)
            && expectedSet.SequenceEqual(set) && expectedSet.SequenceEqual(setAtomic)
            && expectedClear.SequenceEqual(clear) && expectedClear.SequenceEqual(clearAtomic);
    });

    [Fact]
    public void Find_LimitPastTheBitmap_Refused()
        => Assert.Throws<ArgumentOutOfRangeException>(() => { PageBitmap.FindNextSet([0], 0, 65); });

    private static ulong Naive(ulong[] words, ulong from, ulong limit, bool wanted)
    {
        for (var page = from; page < limit; page++)
        {
            if ((words[page / 64] >> (int)(page % 64) & 1) != 0 == wanted)
                return page;
        }
        return limit;
    }
}
