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

    [Fact]
    public void AllocateAnonymous_AsLongAsAHugePage_StartsWhereOneCan()
    {
        const int HugePageBytes = 2 << 20;
        using var first = HostMapping.AllocateAnonymous(HugePageBytes + PageBytes);
        using var second = HostMapping.AllocateAnonymous(HugePageBytes);

        Assert.Equal(0, first.Address % HugePageBytes);
        Assert.Equal(0, second.Address % HugePageBytes);
        Assert.Equal(HugePageBytes + PageBytes, first.LengthBytes);
        first.GetSpan(0, HugePageBytes + PageBytes).Fill(1);
        Assert.Equal(-1, second.GetSpan(0, HugePageBytes).IndexOfAnyExcept((byte)0));
    }

    [Fact]
    public void MapFile_NewFile_IsMadeAndSharedWithWhoeverMapsIt()
    {
        string path = Path.Combine(Directory.CreateTempSubdirectory().FullName, "ram");
        using (var first = HostMapping.MapFile(path, 3 * PageBytes))
        using (var second = HostMapping.MapFile(path, 2 * PageBytes))
        {
            first.GetSpan(PageBytes, 1)[0] = 42;

            Assert.Equal(42, second.GetSpan(PageBytes, 1)[0]);
            Assert.True(second.IsShared);
        }

        Assert.Equal(3 * PageBytes, new FileInfo(path).Length);
        Assert.Equal(42, File.ReadAllBytes(path)[PageBytes]);
    }

    [Fact]
    public void MapFile_ShorterFile_IsRefusedAndLeftAlone()
    {
        string path = Path.Combine(Directory.CreateTempSubdirectory().FullName, "ram");
        File.WriteAllBytes(path, [1]);

        Assert.Throws<ArgumentException>(() => HostMapping.MapFile(path, PageBytes));
        Assert.Equal(1, new FileInfo(path).Length);
    }

    [Fact]
    public void MapFile_NoSuchFolder_IsRefused()
        => Assert.Throws<ErrnoException>(() => HostMapping.MapFile("/no/such/folder/ram", PageBytes));

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
