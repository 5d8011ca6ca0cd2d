using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Globalization;
using Godwit.Memory;
using Godwit.VmState;

namespace Godwit.Machine.Tests;

public sealed class VirtMachineTests
{
    /// <summary>The flat view that <c>info mtree -f</c> of QEMU 10.0.2 prints for <c>-M virt,acpi=off -m 256 -nodefaults</c>.</summary>
    private const string FlatView256 = """
        0000000000001000-000000000000ffff rom riscv_virt_board.mrom @0
        0000000000100000-0000000000100fff i/o riscv.sifive.test @0
        0000000000101000-0000000000101023 i/o goldfish_rtc @0
        0000000002000000-0000000002003fff i/o riscv.aclint.swi @0
        0000000002004000-000000000200bfff i/o riscv.aclint.mtimer @0
        0000000003000000-000000000300ffff i/o gpex_ioport_window @0
        000000000c000000-000000000c5fffff i/o riscv.sifive.plic @0
        0000000010000000-0000000010000007 i/o serial @0
        0000000010001000-00000000100011ff i/o virtio-mmio @0
        0000000010002000-00000000100021ff i/o virtio-mmio @0
        0000000010003000-00000000100031ff i/o virtio-mmio @0
        0000000010004000-00000000100041ff i/o virtio-mmio @0
        0000000010005000-00000000100051ff i/o virtio-mmio @0
        0000000010006000-00000000100061ff i/o virtio-mmio @0
        0000000010007000-00000000100071ff i/o virtio-mmio @0
        0000000010008000-00000000100081ff i/o virtio-mmio @0
        0000000010100000-0000000010100007 i/o fwcfg.data @0
        0000000010100008-0000000010100009 i/o fwcfg.ctl @0
        0000000010100010-0000000010100017 i/o fwcfg.dma @0
        0000000020000000-0000000021ffffff romd virt.flash0 @0
        0000000022000000-0000000023ffffff romd virt.flash1 @0
        0000000030000000-000000003fffffff i/o pcie-mmcfg-mmio @0
        0000000040000000-000000007fffffff i/o gpex_mmio_window @40000000
        0000000080000000-000000008fffffff ram riscv_virt_board.ram @0
        0000000400000000-00000007ffffffff i/o gpex_mmio_window @400000000
        """;

    [Fact]
    public void FlatView_Of256MiB_EqualsQemus()
    {
        using var machine = new TestMachine(new VirtMachineOptions { RamBytes = 256 << 20 });
        Assert.Equal(
            FlatView256.Split('\n'),
            machine.Machine.AddressSpace.CurrentView.Ranges.Select(r => string.Create(
                CultureInfo.InvariantCulture, $"{r.Start.Value:x16}-{r.Last.Value:x16} {Kind(r.Region.Kind)} {r.Region.Name} @{r.OffsetInRegion:x}")));

        static string Kind(MemoryRegionKind kind) => kind switch
        {
            MemoryRegionKind.Ram => "ram",
            MemoryRegionKind.Rom => "rom",
            MemoryRegionKind.RomDevice => "romd",
            _ => "i/o",
        };
    }

    [Fact]
    public void RamBlocks_Of256MiB_EqualQemus()
    {
        using var machine = new TestMachine(new VirtMachineOptions { RamBytes = 256 << 20 });
        Assert.Equal(
            [
                ("riscv_virt_board.ram", 0UL, 0x10000000UL),
                ("virt.flash0", 0x10040000UL, 0x2000000UL),
                ("virt.flash1", 0x12040000UL, 0x2000000UL),
                ("riscv_virt_board.mrom", 0x10000000UL, 0xf000UL),
            ],
            machine.Memory.Ram.Blocks.Select(b => (b.IdString, b.Offset.Value, b.UsedLengthBytes)));
    }

    [Theory]
    [InlineData("10.0", 1)]
    [InlineData("10.0", 2)]
    [InlineData("11.1", 1)]
    [InlineData("11.1", 2)]
    public void BuildDeviceTree_ForAPeer_EqualsItsDump(string peer, int harts)
    {
        string text = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "vectors", "riscv-virt", $"devicetree-{peer}-{harts}.hex"));
        byte[] dump = Convert.FromHexString(text.ReplaceLineEndings(string.Empty));
        var options = new VirtMachineOptions { HartCount = harts, Profile = PeerProfile.Find(peer)!, RandomSeed = SeedOf(dump) };
        using var machine = new TestMachine(options);

        ClearPadding(dump);
        Assert.Equal(Convert.ToHexStringLower(dump), Convert.ToHexStringLower(machine.Machine.BuildDeviceTree()));
    }

    [Fact]
    public void BuildDeviceTree_WithKernelInitrdAndCommandLine_EqualsQemusDump()
    {
        string text = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "vectors", "riscv-virt", "devicetree-10.0-2-linux.hex"));
        byte[] dump = Convert.FromHexString(text.ReplaceLineEndings(string.Empty));
        using var machine = new TestMachine(new VirtMachineOptions { HartCount = 2, CommandLine = "console=ttyS0 earlycon=sbi", RandomSeed = SeedOf(dump) });
        string folder = Directory.CreateTempSubdirectory("godwit-dtb-").FullName;
        foreach ((string name, int length) in new[] { ("fw", 272_488), ("kernel", 4 << 20), ("initrd", 5000) })
            File.WriteAllBytes(Path.Combine(folder, name), new byte[length]);
        machine.Machine.LoadBoot(new BootOptions
        {
            FirmwarePath = Path.Combine(folder, "fw"),
            KernelPath = Path.Combine(folder, "kernel"),
            InitrdPath = Path.Combine(folder, "initrd"),
        });
        Directory.Delete(folder, recursive: true);

        ClearPadding(dump);
        Assert.Equal(Convert.ToHexStringLower(dump), Convert.ToHexStringLower(machine.Machine.BuildDeviceTree()));
    }

    [Fact]
    public void Reset_WithTheStaircase_PutsImageTreeAndBootCodeInPlace()
    {
        using var machine = new TestMachine(new VirtMachineOptions { RamBytes = 128 << 20 });
        StaircaseGuest guest = machine.Machine.LoadStaircase();
        machine.Machine.Reset();

        // Words of the boot ROM and the place of the tree as QEMU has them for 128 MiB.
        uint[] words = [0x297, 0x02828613, 0xf1402573, 0x0202b583, 0x0182b283, 0x00028067, 0x80000000, 0, 0x87e00000, 0, 0x4942534f, 0, 2, 0, 0, 0, 1, 0];
        Assert.Equal(words, Enumerable.Range(0, words.Length).Select(i => (uint)machine.Read(0x1000 + (4 * (ulong)i))));
        Assert.Equal(0xedfe0dd0UL, machine.Read(0x87e00000));
        Assert.Equal(BinaryPrimitives.ReadUInt32LittleEndian(guest.Image.AsSpan()), (uint)machine.Read(0x80000000));
        StaircaseReport report = machine.Machine.CheckStaircase();
        Assert.True(report.IsStaircase);
        Assert.False(report.IsStarted);
    }

    [Fact]
    public void Reset_AfterPowerOn_AssertsTheTimerInterruptOnly()
    {
        using var machine = new TestMachine(new VirtMachineOptions { RamBytes = 16 << 20, HartCount = 2 });
        Assert.All(machine.Harts, hart => Assert.Equal(0x80u, hart.Lines));
    }

    /// <summary>Addresses that were probed on QEMU with a bare-metal program and gave an access fault.</summary>
    [Theory]
    [InlineData(0x0, 4)]
    [InlineData(0x10000, 4)]
    [InlineData(0x101024, 4)]
    [InlineData(0x102000, 4)]
    [InlineData(0x200c000, 4)]
    [InlineData(0x2010000, 4)]
    [InlineData(0x4000000, 4)]
    [InlineData(0x10000100, 1)]
    [InlineData(0x10009000, 4)]
    [InlineData(0x10100018, 4)]
    [InlineData(0x24000000, 4)]
    [InlineData(0x28000000, 4)]
    [InlineData(0x81000000, 4)]
    [InlineData(0xc000004, 8)]
    [InlineData(0xc000004, 1)]
    [InlineData(0x2000000, 8)]
    [InlineData(0x2004000, 2)]
    [InlineData(0x101000, 8)]
    [InlineData(0x100000, 1)]
    [InlineData(0x100000, 8)]
    public void Read_WhereNobodyAnswers_Fails(ulong address, int sizeBytes)
    {
        using var machine = new TestMachine();
        Assert.NotEqual(MemoryTransactionResult.Ok, machine.TryRead(address, sizeBytes, out _));
    }

    [Fact]
    public void Write_ToTheBootRom_IsIgnored()
    {
        using var machine = new TestMachine();
        Assert.Equal(MemoryTransactionResult.Ok, machine.TryWrite(0x1000, 0, 4));
        Assert.Equal(0x297UL, machine.Read(0x1000));
    }

    [Theory]
    [InlineData(0x00005555u, 0)]
    [InlineData(0x00013333u, 1)]
    [InlineData(0xffff3333u, 65535)]
    public void TestDevice_PowerOffCodes_RaisePowerOff(uint value, int exitCode)
    {
        using var machine = new TestMachine();
        var codes = new List<int>();
        machine.Machine.PowerOff += (_, e) => codes.Add(e.ExitCode);
        machine.Write(0x100000, value);
        Assert.Equal([exitCode], codes);
    }

    [Fact]
    public void TestDevice_ResetCode_AsksForAReset()
    {
        using var machine = new TestMachine();
        int resets = 0;
        machine.Machine.ResetRequested += (_, _) => resets++;
        machine.Write(0x100000, 0x7777, 2);
        machine.Write(0x100004, 0x7777);
        Assert.Equal(1, resets);
    }

    /// <summary>Between values QEMU leaves what lay there before; here it is zeros.</summary>
    private static void ClearPadding(Span<byte> blob)
    {
        int at = (int)BinaryPrimitives.ReadUInt32BigEndian(blob[8..]);
        while (true)
        {
            uint token = BinaryPrimitives.ReadUInt32BigEndian(blob[at..]);
            at += 4;
            if (token == 9)
                return;
            if (token == 3)
                at += 8 + (int)BinaryPrimitives.ReadUInt32BigEndian(blob[at..]);
            else if (token == 1)
                at += blob[at..].IndexOf((byte)0) + 1;
            for (; at % 4 != 0; at++)
                blob[at] = 0;
        }
    }

    /// <summary>The seed is the only part of a tree that differs from run to run.</summary>
    private static ImmutableArray<byte> SeedOf(byte[] dump)
    {
        int strings = (int)BinaryPrimitives.ReadUInt32BigEndian(dump.AsSpan(12));
        int name = dump.AsSpan(strings).IndexOf("rng-seed\0"u8);
        Span<byte> header = stackalloc byte[12];
        BinaryPrimitives.WriteUInt32BigEndian(header, 3);
        BinaryPrimitives.WriteUInt32BigEndian(header[4..], 32);
        BinaryPrimitives.WriteUInt32BigEndian(header[8..], (uint)name);
        return [.. dump.AsSpan(dump.AsSpan().IndexOf(header) + 12, 32)];
    }
}
