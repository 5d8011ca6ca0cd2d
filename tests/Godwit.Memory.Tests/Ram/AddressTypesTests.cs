namespace Godwit.Memory.Tests;

public sealed class AddressTypesTests
{
    [Fact]
    public void Arithmetic_WouldWrap_Throws()
    {
        Assert.Throws<OverflowException>(() => new GuestAddress(ulong.MaxValue).Add(1));
        Assert.Throws<OverflowException>(() => new RamOffset(0).Subtract(1));
        Assert.Throws<OverflowException>(() => new RamAddress(1).DistanceFrom(new RamAddress(2)));
        Assert.Throws<OverflowException>(() => new PageIndex(1UL << 52).ToRamOffset());
    }

    [Fact]
    public void Page_OfAnAddress_RoundsDown()
    {
        Assert.Equal(new PageIndex(0x10040), new RamAddress(0x10040FFF).Page);
        Assert.Equal(new RamAddress(0x10040000), new PageIndex(0x10040).ToRamAddress());
        Assert.Equal(new GuestAddress(0x10040000), new GuestAddress(0x10040FFF).AlignDown(0x1000));
        Assert.True(new RamAddress(0x40000).IsAligned(TargetPage.BytesPerWord));
        Assert.Equal(3UL, new PageIndex(5).DistanceFrom(new PageIndex(2)));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 1)]
    [InlineData(0x1000, 1)]
    [InlineData(0x1001, 2)]
    public void CountFor_Length_RoundsUp(ulong lengthBytes, ulong pages)
    {
        Assert.Equal(pages, TargetPage.CountFor(lengthBytes));
        Assert.Equal(pages * 0x1000, TargetPage.RoundUp(lengthBytes));
    }
}
