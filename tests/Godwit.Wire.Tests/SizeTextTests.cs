namespace Godwit.Wire.Tests;

public sealed class SizeTextTests
{
    [Theory]
    [InlineData("256M", 1UL << 20, 256UL << 20)]
    [InlineData("256", 1UL << 20, 256UL << 20)]
    [InlineData("4G", 1UL << 20, 4UL << 30)]
    [InlineData("1.5k", 1UL, 1536UL)]
    [InlineData("0", 1UL, 0UL)]
    [InlineData("4096b", 1UL << 20, 4096UL)]
    [InlineData("15E", 1UL, 15UL << 60)]
    [InlineData("15.5E", 1UL, 31UL << 59)]
    [InlineData("18446744073709551615", 1UL, ulong.MaxValue)]
    public void TryParse_QemuSpelling_IsRead(string text, ulong unit, ulong expected)
    {
        Assert.True(SizeText.TryParse(text, unit, out ulong bytes));
        Assert.Equal(expected, bytes);
    }

    [Theory]
    [InlineData("")]
    [InlineData("M")]
    [InlineData("-1M")]
    [InlineData("1Q")]
    [InlineData("16E")]
    [InlineData("18446744073709551616")]
    [InlineData("0.3b")]
    [InlineData("1e3")]
    [InlineData("99999999999999999999999999999999")]
    public void TryParse_NoSize_IsRefused(string text) => Assert.False(SizeText.TryParse(text, 1, out _));

    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(999, "999 B")]
    [InlineData(1000, "0.98 KiB")]
    [InlineData(4096, "4.00 KiB")]
    [InlineData(268435456, "256 MiB")]
    [InlineData(1.5 * (1L << 40), "1.50 TiB")]
    public void Format_Bytes_AreShort(double bytes, string expected) => Assert.Equal(expected, SizeText.Format(bytes));

    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(999, "999 B")]
    [InlineData(1000, "0.98 KiB")]
    [InlineData(4096, "4 KiB")]
    [InlineData(339968, "332 KiB")]
    [InlineData(37853594, "36.1 MiB")]
    public void Format_WithoutZeros_HasThreeDigitsAtMost(long bytes, string expected) =>
        Assert.Equal(expected, SizeText.Format(bytes, keepsZeros: false));

    [Fact]
    public void TryParse_FractionOfAByte_IsTold()
    {
        Assert.True(SizeText.TryParse("1.1k", 1, out ulong bytes, out bool isWhole));
        Assert.Equal((1126ul, false), (bytes, isWhole));
        Assert.True(SizeText.TryParse("1.5k", 1, out bytes, out isWhole));
        Assert.Equal((1536ul, true), (bytes, isWhole));
    }
}
