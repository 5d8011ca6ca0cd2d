using System.Text;

namespace Godwit.Machine.Tests;

public sealed class OtherDevicesTests
{
    private const ulong Rtc = 0x10_1000;
    private const ulong FwCfg = 0x1010_0000;
    private const ulong Ecam = 0x3000_0000;
    private const ulong Flash = 0x2000_0000;
    private const ulong Ram = 0x8000_0000;

    [Fact]
    public void Rtc_Time_IsWallTimeInNanoseconds()
    {
        using var machine = new TestMachine();
        ulong time = machine.Read(Rtc) | (machine.Read(Rtc + 4) << 32);
        Assert.Equal(1_767_225_600_000_000_000UL, time);
        machine.Write(Rtc + 4, 1);
        machine.Write(Rtc, 5);
        Assert.Equal(0x1_0000_0005UL, machine.Read(Rtc) | (machine.Read(Rtc + 4) << 32));
    }

    [Fact]
    public void Rtc_AlarmInThePast_FiresAtOnce()
    {
        using var machine = new TestMachine();
        machine.Write(Rtc + 0x10, 1);
        machine.Write(Rtc + 0x0c, 1);
        machine.Write(Rtc + 0x08, 1);
        Assert.Equal(1UL << 11, machine.Read(0xc00_1000));
        machine.Write(Rtc + 0x1c, 1);
        Assert.Equal(0UL, machine.Read(0xc00_1000));
    }

    [Fact]
    public void Rtc_AlarmInTheFuture_RunsUntilCleared()
    {
        using var machine = new TestMachine();
        machine.Write(Rtc + 0x0c, 0x7fff_ffff);
        machine.Write(Rtc + 0x08, 1);
        Assert.Equal(1UL, machine.Read(Rtc + 0x18));
        machine.Write(Rtc + 0x14, 0);
        Assert.Equal(0UL, machine.Read(Rtc + 0x18));
    }

    [Fact]
    public void FwCfg_Items_ReadByteWiseAndWide()
    {
        using var machine = new TestMachine();
        Select(machine, 0);
        Assert.Equal("QEMU", ReadText(machine, 4));
        Assert.Equal(0UL, machine.Read(FwCfg, 1));
        Select(machine, 0);
        Assert.Equal(0x554d4551UL, machine.Read(FwCfg));
        Select(machine, 5);
        Assert.Equal(0x0001UL, machine.Read(FwCfg, 2));
        Select(machine, 0x19);
        Assert.Equal(0x05000000UL, machine.Read(FwCfg));
        Assert.Equal(0x2000_0000_0000UL, machine.Read(FwCfg, 8));
        Assert.Equal("bios-geometry", ReadText(machine, 13));
        Select(machine, 0x22);
        Assert.Equal(0xffff_ffffUL, machine.Read(FwCfg));
        Select(machine, 0x3000);
        Assert.Equal(0UL, machine.Read(FwCfg, 8));
    }

    [Fact]
    public void FwCfg_DmaRegister_ReadsTheSignature()
    {
        using var machine = new TestMachine();
        Assert.Equal(0x4746432055_4d4551UL, machine.Read(FwCfg + 16, 8));
        Assert.Equal(0x554d4551UL, machine.Read(FwCfg + 16));
    }

    [Fact]
    public void FwCfg_DmaReadWithSelect_FillsMemory()
    {
        using var machine = new TestMachine();
        WriteDescriptor(machine, Ram + 0x100, 0x0000_000a, 6, Ram + 0x200);
        machine.Write(Ram + 0x200, ulong.MaxValue, 8);
        StartDma(machine, Ram + 0x100);
        Assert.Equal(0UL, machine.Read(Ram + 0x100));
        Assert.Equal(0xffff_0000_554d_4551UL, machine.Read(Ram + 0x200, 8));
    }

    [Theory]
    [InlineData(0x1010_0010UL)]
    [InlineData(0x1000UL)]
    [InlineData(0x80ff_fffcUL)]
    [InlineData(ulong.MaxValue)]
    public void FwCfg_DmaToWhereNoRamIs_ReportsAnErrorAndWritesNothing(ulong target)
    {
        using var machine = new TestMachine();
        WriteDescriptor(machine, Ram + 0x100, 0x0000_000a, 16, target);
        StartDma(machine, Ram + 0x100);
        Assert.Equal(0x0100_0000UL, machine.Read(Ram + 0x100));
        Assert.Equal(0UL, machine.Read(0x80ff_fffc));
    }

    [Fact]
    public void FwCfg_DmaLongerThanTheItem_ZerosTheRestAndNoMore()
    {
        using var machine = new TestMachine();
        const uint Length = (8 << 20) + 5;
        for (ulong at = Ram + 0x1000 - 8; at < Ram + 0x1000 + Length + 8; at += 4096 - 8)
            machine.Write(at, ulong.MaxValue, 8);
        machine.Write(Ram + 0x1000 + Length, ulong.MaxValue, 8);
        WriteDescriptor(machine, Ram + 0x100, 0x0000_000a, Length, Ram + 0x1000);
        StartDma(machine, Ram + 0x100);
        Assert.Equal(0UL, machine.Read(Ram + 0x100));
        Assert.Equal(ulong.MaxValue, machine.Read(Ram + 0x1000 - 8, 8));
        Assert.Equal(0x554d_4551UL, machine.Read(Ram + 0x1000, 8));
        for (ulong at = Ram + 0x1008; at < Ram + 0x1000 + Length - 8; at += 8)
            Assert.Equal(0UL, machine.Read(at, 8));
        Assert.Equal(0UL, machine.Read(Ram + 0x1000 + Length - 8, 8));
        Assert.Equal(ulong.MaxValue, machine.Read(Ram + 0x1000 + Length, 8));
    }

    [Fact]
    public void FwCfg_DmaDescriptorOutsideRam_IsIgnored()
    {
        using var machine = new TestMachine();
        StartDma(machine, 0x1010_0000);
        Select(machine, 0);
        Assert.Equal("QEMU", ReadText(machine, 4));
    }

    /// <summary>What all-ones written to each register of 00:00.0 left on QEMU 10.0.2 and 11.1.3.</summary>
    [Theory]
    [InlineData(0x00, 0x00081b36u)]
    [InlineData(0x04, 0x00000507u)]
    [InlineData(0x08, 0x06000000u)]
    [InlineData(0x0c, 0x000000ffu)]
    [InlineData(0x10, 0u)]
    [InlineData(0x2c, 0x11001af4u)]
    [InlineData(0x3c, 0x000000ffu)]
    [InlineData(0x40, 0xffffffffu)]
    [InlineData(0xfc, 0xffffffffu)]
    [InlineData(0x100, 0xffffffffu)]
    [InlineData(0x8000, 0xffffffffu)]
    public void PciConfig_AllOnesWritten_KeepsTheWritableBits(uint register, uint expected)
    {
        using var machine = new TestMachine();
        machine.Write(Ecam + register, uint.MaxValue);
        Assert.Equal(expected, (uint)machine.Read(Ecam + register));
    }

    [Theory]
    [InlineData(0x300_0000UL)]
    [InlineData(0x4000_0000UL)]
    [InlineData(0x4_0000_0000UL)]
    public void PciWindows_Empty_ReadAllOnes(ulong address)
    {
        using var machine = new TestMachine();
        machine.Write(address, 0);
        Assert.Equal(0xffff_ffffUL, machine.Read(address));
    }

    [Fact]
    public void Flash_Query_AnswersAsTheRealChipsAndGoesBack()
    {
        using var machine = new TestMachine();
        machine.Write(Flash, 0x0098_0098);
        Assert.Equal([0x510051UL, 0x520052, 0x590059], Enumerable.Range(0x10, 3).Select(n => machine.Read(Flash + (4 * (ulong)n))));
        Assert.Equal(0x180018UL, machine.Read(Flash + (4 * 0x27)));
        machine.Write(Flash, 0x00ff_00ff);
        Assert.Equal(0UL, machine.Read(Flash + 0x40));
    }

    [Theory]
    [InlineData(0, 0x74726976u)]
    [InlineData(4, 1u)]
    [InlineData(8, 0u)]
    [InlineData(0xc, 0x554d4551u)]
    [InlineData(0x10, 0u)]
    [InlineData(0x70, 0u)]
    [InlineData(0x100, 0u)]
    public void VirtioSlot_Empty_SaysSo(uint register, uint expected)
    {
        using var machine = new TestMachine();
        machine.Write(0x1000_8000 + register, uint.MaxValue);
        Assert.Equal(expected, (uint)machine.Read(0x1000_8000 + register));
    }

    private static void Select(TestMachine machine, ushort key) =>
        machine.Write(FwCfg + 8, System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(key), 2);

    private static string ReadText(TestMachine machine, int count) =>
        Encoding.ASCII.GetString([.. Enumerable.Range(0, count).Select(_ => (byte)machine.Read(FwCfg, 1))]);

    private static void WriteDescriptor(TestMachine machine, ulong at, uint control, uint length, ulong address)
    {
        machine.Write(at, System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(control));
        machine.Write(at + 4, System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(length));
        machine.Write(at + 8, System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(address), 8);
    }

    private static void StartDma(TestMachine machine, ulong descriptor) =>
        machine.Write(FwCfg + 16, System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(descriptor), 8);
}
