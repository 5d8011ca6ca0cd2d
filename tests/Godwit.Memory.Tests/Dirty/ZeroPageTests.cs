namespace Godwit.Memory.Tests;

public sealed class ZeroPageTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(255)]
    [InlineData(256)]
    [InlineData(4096)]
    [InlineData(4103)]
    public void IsZero_OneByteSetAnywhere_Found(int length)
    {
        // One byte of room in front puts every vector off its alignment.
        var memory = new byte[length + 1];
        Assert.True(ZeroPage.IsZero(memory.AsSpan(1)));
        Assert.True(ZeroPage.IsZeroScalar(memory.AsSpan(1)));
        for (var i = 1; i <= length; i++)
        {
            memory[i] = 0x80;
            Assert.False(ZeroPage.IsZero(memory.AsSpan(1)));
            Assert.False(ZeroPage.IsZeroScalar(memory.AsSpan(1)));
            memory[i] = 0;
        }
    }
}
