using Godwit.Memory;

namespace Godwit.Migration.Tests.Ram;

public sealed class XbzrleCacheTests
{
    private static readonly RamAddress _first = new(0x10000);
    private static readonly RamAddress _sameSlot = new(0x10000 + 16 * 4096);

    [Theory]
    [InlineData(4096, true)]
    [InlineData(64L << 20, true)]
    [InlineData(0, false)]
    [InlineData(-4096, false)]
    [InlineData(2048, false)]
    [InlineData(3 * 4096, false)]
    public void IsValidSize_Size_IsAPowerOfTwoOfPages(long size, bool valid) => Assert.Equal(valid, XbzrleCache.IsValidSize(size));

    [Fact]
    public void TryGet_AfterInsert_GivesTheBytesPutIn()
    {
        using var cache = new XbzrleCache(16 * 4096);

        Assert.False(cache.TryGet(_first, 1, out _));
        Assert.True(cache.TryInsert(_first, 1, out Span<byte> page));
        page.Fill(9);

        Assert.True(cache.TryGet(_first, 1, out Span<byte> found));
        Assert.Equal(9, found[4095]);
        Assert.Equal(4096, found.Length);
    }

    [Theory]
    [InlineData(5, false)]
    [InlineData(6, false)]
    [InlineData(7, true)]
    public void TryInsert_SlotHoldsAnotherPageOfGeneration5_IsProtectedForTwoGenerations(long generation, bool taken)
    {
        using var cache = new XbzrleCache(16 * 4096);
        Assert.True(cache.TryInsert(_first, 5, out _));

        Assert.Equal(taken, cache.TryInsert(_sameSlot, generation, out _));

        Assert.Equal(!taken, cache.TryGet(_first, generation, out _));
    }

    [Fact]
    public void TryGet_Hit_MakesThePageYoungAgain()
    {
        using var cache = new XbzrleCache(16 * 4096);
        Assert.True(cache.TryInsert(_first, 5, out _));
        Assert.True(cache.TryGet(_first, 8, out _));

        Assert.False(cache.TryInsert(_sameSlot, 9, out _));
    }

    [Fact]
    public void TryInsert_SamePageAgain_AlwaysWorks()
    {
        using var cache = new XbzrleCache(16 * 4096);
        Assert.True(cache.TryInsert(_first, 5, out _));

        Assert.True(cache.TryInsert(_first, 5, out _));
    }
}
