namespace Godwit.Native.Tests;

public sealed class HostMappingTests
{
    private const int PageBytes = 4096;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Allocate_LengthNotWholePages_RoundsUpAndReadsZero(bool shared)
    {
        using var mapping = Allocate(shared, PageBytes + 1);

        Assert.Equal(2 * PageBytes, mapping.LengthBytes);
        Assert.Equal(-1, mapping.GetSpan(0, 2 * PageBytes).IndexOfAnyExcept((byte)0));
        Assert.Equal(shared, mapping.IsShared);
        Assert.Equal(shared, mapping.Fd >= 0);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Discard_WrittenPages_ReadZeroAgainAndNeighboursStay(bool shared)
    {
        using var mapping = Allocate(shared, 3 * PageBytes);
        mapping.GetSpan(0, 3 * PageBytes).Fill(0xa5);

        mapping.Discard(PageBytes, PageBytes);

        Assert.Equal(-1, mapping.GetSpan(PageBytes, PageBytes).IndexOfAnyExcept((byte)0));
        Assert.Equal(-1, mapping.GetSpan(0, PageBytes).IndexOfAnyExcept((byte)0xa5));
        Assert.Equal(-1, mapping.GetSpan(2 * PageBytes, PageBytes).IndexOfAnyExcept((byte)0xa5));
    }

    [Fact]
    public void MapShared_SameFile_SeesTheStoresOfTheOther()
    {
        using var first = HostMapping.AllocateShared("godwit-test", PageBytes);
        using var second = HostMapping.MapShared(first.File!.Duplicate(), PageBytes);

        first.GetSpan(17, 1)[0] = 42;

        Assert.Equal(42, second.GetSpan(17, 1)[0]);
    }

    [Theory]
    [InlineData(-1, 1)]
    [InlineData(0, PageBytes + 1)]
    [InlineData(PageBytes, 1)]
    [InlineData(long.MaxValue, 1)]
    [InlineData(1, int.MaxValue)]
    [InlineData(0, -1)]
    public void GetSpan_OutsideTheMapping_IsRefused(long offset, int count)
    {
        using var mapping = HostMapping.AllocateAnonymous(PageBytes);

        Assert.Throws<ArgumentOutOfRangeException>(() => mapping.GetSpan(offset, count).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => mapping.GetRange(offset, count));
    }

    [Fact]
    public void Allocate_MoreThanPhysicalMemory_IsOnlyReserved()
    {
        using var mapping = HostMapping.AllocateShared("godwit-test", 1L << 40);
        mapping.GetSpan((1L << 40) - 1, 1)[0] = 1;

        Assert.Equal(1, mapping.GetSpan((1L << 40) - 1, 1)[0]);
    }

    [Fact]
    public void Advise_DontDump_IsTaken()
    {
        using var mapping = HostMapping.AllocateAnonymous(PageBytes);

        Assert.True(mapping.Advise(HostAdvice.DontDump, 0, PageBytes));
    }

    [Fact]
    public void CopyFrom_ThenCopyTo_GivesTheBytes()
    {
        using var mapping = HostMapping.AllocateAnonymous(PageBytes);
        byte[] bytes = [1, 2, 3, 4, 5];
        var range = mapping.GetRange(100, bytes.Length);

        range.CopyFrom(bytes);
        var copy = new byte[bytes.Length];
        range.CopyTo(copy);

        Assert.Equal(bytes, copy);
        Assert.True(range.ContentEquals(mapping.GetRange(100, bytes.Length)));
        Assert.False(range.ContentEquals(mapping.GetRange(101, bytes.Length)));
        Assert.Throws<ArgumentException>(() => range.CopyFrom(new byte[6]));
        Assert.Throws<ArgumentException>(() => range.CopyTo(new byte[4]));
    }

    [Theory]
    [InlineData(0, 11)]
    [InlineData(11, 0)]
    [InlineData(-1, 1)]
    [InlineData(5, 6)]
    [InlineData(long.MinValue, 1)]
    public void Slice_OutsideTheRange_IsRefused(long offset, long count)
    {
        if (offset == 11)
            count = 1;
        Assert.Throws<ArgumentOutOfRangeException>(() => new HostRange(1000, 10).Slice(offset, count));
    }

    [Fact]
    public void FindTouched_MemoryFile_GivesTheNextPageThatHasMemory()
    {
        long page = Environment.SystemPageSize;
        using var mapping = Allocate(shared: true, 16 * page);
        mapping.GetSpan(5 * page, 1)[0] = 1;

        Assert.Equal(5 * page, mapping.FindTouched(0));
        Assert.Equal((5 * page) + 7, mapping.FindTouched((5 * page) + 7));
        Assert.Equal(16 * page, mapping.FindTouched(6 * page));
        Assert.Equal(16 * page, mapping.FindTouched(16 * page));
        Assert.Throws<ArgumentOutOfRangeException>(() => mapping.FindTouched((16 * page) + 1));
    }

    [Fact]
    public void FindTouched_AnonymousMemory_KnowsNothing()
    {
        using var mapping = Allocate(shared: false, 16 * (long)Environment.SystemPageSize);

        Assert.Equal(4096, mapping.FindTouched(4096));
    }

    private static HostMapping Allocate(bool shared, long bytes)
        => shared ? HostMapping.AllocateShared("godwit-test", bytes) : HostMapping.AllocateAnonymous(bytes);
}
