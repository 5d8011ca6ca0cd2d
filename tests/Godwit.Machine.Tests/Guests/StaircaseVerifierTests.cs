using System.Buffers.Binary;

namespace Godwit.Machine.Tests;

public sealed class StaircaseVerifierTests
{
    private const int RamBytes = 64 * 4096;
    private const int FirstPage = 0x2000;

    [Theory]
    [InlineData(0, 1)]
    [InlineData(3, 0)]
    [InlineData(3, 17)]
    [InlineData(9, 61)]
    public void Check_MemoryAtAStep_IsSound(ulong round, ulong step)
    {
        StaircaseReport report = StaircaseVerifier.Check(Memory(round, step));

        Assert.Empty(report.Violations);
        Assert.True(report.IsSound && report.IsStarted);
        Assert.Equal((round, step, 62UL), (report.Round, report.StepPage, report.PageCount));
        Assert.Equal((round * 62) + step, report.PagesWritten);
    }

    [Fact]
    public void Check_Stream_EqualsCheckOfBytes()
    {
        byte[] memory = Memory(4, 5);
        Assert.Equal(StaircaseVerifier.Check(memory).PagesWritten, StaircaseVerifier.Check(new MemoryStream(memory)).PagesWritten);
    }

    [Fact]
    public void Check_PageAtTheStepHalfStamped_IsSound()
    {
        byte[] memory = Memory(3, 17);
        Stamp(memory, 17, 4, 3);
        Assert.True(StaircaseVerifier.Check(memory).IsSound);
    }

    [Fact]
    public void Check_OtherPageHalfStamped_IsTorn()
    {
        byte[] memory = Memory(3, 17);
        Stamp(memory, 18, 4, 3);
        StaircaseReport report = StaircaseVerifier.Check(memory);
        Assert.Equal(1UL, report.ViolationCount);
        Assert.StartsWith("page 18 offset ff8: stamp of round 3 expected ", report.Violations[0], StringComparison.Ordinal);
    }

    [Fact]
    public void Check_StalePage_IsFound()
    {
        byte[] memory = Memory(3, 17);
        BinaryPrimitives.WriteUInt64LittleEndian(memory.AsSpan(FirstPage + (40 * 4096)), 2);
        StaircaseReport report = StaircaseVerifier.Check(memory);
        Assert.False(report.IsSound);
        Assert.Equal("page 40: round expected 3, found 2", Assert.Single(report.Violations));
    }

    [Fact]
    public void Check_DoubledStep_IsFound()
    {
        byte[] memory = Memory(3, 17);
        BinaryPrimitives.WriteUInt64LittleEndian(memory.AsSpan(FirstPage + (30 * 4096)), 4);
        Assert.Equal("page 30: round expected 3, found 4", Assert.Single(StaircaseVerifier.Check(memory).Violations));
    }

    [Fact]
    public void Check_MemoryOlderThanTheGuestsAccount_IsFound()
    {
        byte[] memory = Memory(3, 17);
        BinaryPrimitives.WriteUInt64LittleEndian(memory.AsSpan(0x1010), 20);
        Assert.Equal("the guest's account is round 3 page 20, memory says round 3 page 17", Assert.Single(StaircaseVerifier.Check(memory).Violations));
    }

    [Fact]
    public void Check_GuestSawAViolation_SaysSo()
    {
        byte[] memory = Memory(3, 17);
        BinaryPrimitives.WriteUInt64LittleEndian(memory.AsSpan(0x1000), 2);
        BinaryPrimitives.WriteUInt64LittleEndian(memory.AsSpan(0x1018), 17);
        Assert.Equal("the guest stopped at page 17: expected 0, found 0", Assert.Single(StaircaseVerifier.Check(memory).Violations));
    }

    [Fact]
    public void Check_OtherMemory_IsNoStaircase()
    {
        Assert.False(StaircaseVerifier.Check(new byte[RamBytes]).IsStaircase);
        Assert.False(StaircaseVerifier.Check(new byte[16]).IsSound);
    }

    [Fact]
    public void Check_HugePageCountInTheParameterBlock_EndsWithTheMemory()
    {
        byte[] memory = Memory(3, 17);
        BinaryPrimitives.WriteUInt64LittleEndian(memory.AsSpan(0x20), ulong.MaxValue);
        Assert.Contains("page 62 is outside RAM", StaircaseVerifier.Check(memory).Violations, StringComparer.Ordinal);
    }

    [Fact]
    public void Build_ProgramAndDataPages_AreApart()
    {
        var guest = StaircaseGuest.Build(new StaircaseOptions { RamBytes = RamBytes, PagesPerSecond = 5000 });
        Assert.Equal(FirstPage, guest.Image.Length);
        Assert.Equal(62UL, guest.WorkingSetPages);
        Assert.True(guest.Image.AsSpan()[0x1000..].IndexOfAnyExcept((byte)0) < 0);
        Assert.Equal("STAIRCAS", System.Text.Encoding.ASCII.GetString(guest.Image.AsSpan().Slice(0x10, 8)));
        Assert.Equal(50UL, BinaryPrimitives.ReadUInt64LittleEndian(guest.Image.AsSpan()[0x28..]));
        Assert.Equal(100_000UL, BinaryPrimitives.ReadUInt64LittleEndian(guest.Image.AsSpan()[0x30..]));
    }

    [Fact]
    public void Build_WorkingSetLargerThanRam_IsRefused() =>
        Assert.Throws<ArgumentException>(() => StaircaseGuest.Build(new StaircaseOptions { RamBytes = RamBytes, WorkingSetPages = 63 }));

    private static byte[] Memory(ulong round, ulong step)
    {
        var memory = new byte[RamBytes];
        StaircaseGuest guest = StaircaseGuest.Build(new StaircaseOptions { RamBytes = RamBytes });
        guest.Image.CopyTo(memory);
        BinaryPrimitives.WriteUInt64LittleEndian(memory.AsSpan(0x1000), 1);
        BinaryPrimitives.WriteUInt64LittleEndian(memory.AsSpan(0x1008), round);
        BinaryPrimitives.WriteUInt64LittleEndian(memory.AsSpan(0x1010), step);
        for (ulong page = 0; page < guest.WorkingSetPages; page++)
        {
            ulong level = page < step ? round + 1 : round;
            BinaryPrimitives.WriteUInt64LittleEndian(memory.AsSpan(FirstPage + ((int)page * 4096)), level);
            Stamp(memory, (int)page, level, 8);
        }

        return memory;
    }

    /// <summary>The first <paramref name="count"/> stamps of a page, written out with the formula of docs/staircase.md.</summary>
    private static void Stamp(byte[] memory, int page, ulong round, int count)
    {
        unchecked
        {
            ulong value = ((ulong)page * 0xd1342543de82ef95) + (round * 0x2545f4914f6cdd1d);
            value ^= value >> 29;
            for (int i = 0; i < count; i++)
            {
                int offset = FirstPage + (page * 4096) + 4088 - (i * 512);
                BinaryPrimitives.WriteUInt64LittleEndian(memory.AsSpan(offset), round == 0 ? 0 : value + ((ulong)i * 0x9e3779b97f4a7c15));
            }
        }
    }
}
