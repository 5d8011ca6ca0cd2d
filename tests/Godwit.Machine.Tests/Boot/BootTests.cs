using System.Buffers.Binary;
using Godwit.VmState;

namespace Godwit.Machine.Tests;

public sealed class BootTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("godwit-boot-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Reset_WithFirmwareKernelAndInitrd_PlacesThemAsQemu()
    {
        string firmware = Write("fw", 272_488, 0xf1);
        string kernel = Write("kernel", 4 << 20, 0xce);
        string initrd = Write("initrd", 5000, 0xab);
        using var machine = new TestMachine(new VirtMachineOptions { CommandLine = "console=ttyS0 earlycon=sbi" });
        machine.Machine.LoadBoot(new BootOptions { FirmwarePath = firmware, KernelPath = kernel, InitrdPath = initrd });
        machine.Machine.Reset();

        Assert.Equal(0xf1f1f1f1UL, machine.Read(0x8000_0000));
        Assert.Equal(0xcecececeUL, machine.Read(0x8020_0000));
        Assert.Equal(0xababababUL, machine.Read(0x8420_0000));
        Assert.Equal(0x8000_0000UL, machine.Read(0x1018, 8));
        Assert.Equal(0x87e0_0000UL, machine.Read(0x1020, 8));
        Assert.Equal(0x8020_0000UL, machine.Read(0x1038, 8));
        string tree = System.Text.Encoding.Latin1.GetString(machine.Machine.BuildDeviceTree());
        Assert.Contains("console=ttyS0 earlycon=sbi\0", tree, StringComparison.Ordinal);
        Assert.Contains("\0\0\0\0\x84\x20\0\0", tree, StringComparison.Ordinal);
        Assert.Contains("\0\0\0\0\x84\x20\x13\x88", tree, StringComparison.Ordinal);
    }

    [Fact]
    public void Reset_WithLoaders_PlacesThemBelowFirmwareAndKernel()
    {
        using var machine = new TestMachine(new VirtMachineOptions { RamBytes = 16 << 20, HartCount = 2 });
        string elf = WriteElf(0x8040_0000, 16, 0x8040_0004);
        machine.Machine.LoadBoot(new BootOptions
        {
            FirmwarePath = Write("fw", 0x1000, 0xf1),
            Loaders =
            [
                new LoaderOptions { FilePath = Write("flat", 0x2000, 0xce), Address = 0x8000_0000 },
                new LoaderOptions { FilePath = elf, HartIndex = 1 },
                new LoaderOptions { FilePath = elf, Address = 0x8050_0000, IsRaw = true },
                new LoaderOptions { Data = [1, 2, 3], Address = 0x8060_0000, HartIndex = 0 },
            ],
        });
        machine.Machine.Reset();

        Assert.Equal(0xf1f1f1f1UL, machine.Read(0x8000_0000));
        Assert.Equal(0xcecececeUL, machine.Read(0x8000_1000));
        Assert.Equal(0x5555_5555UL, machine.Read(0x8040_0000));
        Assert.Equal(0x464c_457fUL, machine.Read(0x8050_0000));
        Assert.Equal(0x0003_0201UL, machine.Read(0x8060_0000));
        Assert.Equal([(1, 0x8040_0004UL)], machine.Machine.StartAddresses);
    }

    [Fact]
    public void LoadBoot_LoaderOutsideRamOrOfNoHart_IsRefused()
    {
        using var machine = new TestMachine();
        Assert.Throws<BootException>(() => machine.Machine.LoadBoot(new BootOptions { Loaders = [new LoaderOptions { Data = [1], Address = 0x1000_0000 }] }));
        var e = Assert.Throws<BootException>(
            () => machine.Machine.LoadBoot(new BootOptions { Loaders = [new LoaderOptions { Address = 0x8000_0000, HartIndex = 5 }] }));
        Assert.Equal("Specified boot CPU#5 is nonexistent", e.Message);
    }

    [Fact]
    public void Reset_WithAKernelAlone_StartsItAtTheBeginningOfRam()
    {
        using var machine = new TestMachine();
        machine.Machine.LoadBoot(new BootOptions { KernelPath = Write("kernel", 100, 0xce) });
        machine.Machine.Reset();
        Assert.Equal(0xcecececeUL, machine.Read(0x8000_0000));
        Assert.Equal(0x8000_0000UL, machine.Read(0x1018, 8));
    }

    [Fact]
    public void Reset_WithAnElfKernel_LoadsItsSegments()
    {
        using var machine = new TestMachine();
        machine.Machine.LoadBoot(new BootOptions { KernelPath = WriteElf(0x8040_0000, 16, 0x8040_0004) });
        machine.Write(0x8040_0008, ulong.MaxValue, 8);
        machine.Machine.Reset();
        Assert.Equal(0x5555_5555_5555_5555UL, machine.Read(0x8040_0000, 8));
        Assert.Equal(0UL, machine.Read(0x8040_0008, 8));
        Assert.Equal(0x8040_0004UL, machine.Read(0x1018, 8));
    }

    [Theory]
    [InlineData(0x7000_0000UL, 16UL)]
    [InlineData(0x80ff_f000UL, 0x2000UL)]
    [InlineData(ulong.MaxValue - 4, 16UL)]
    [InlineData(0x8040_0000UL, 1UL << 40)]
    [InlineData(0x8040_0000UL, 4UL)]
    public void LoadBoot_ElfSegmentThatDoesNotFit_IsRefused(ulong address, ulong memoryBytes)
    {
        using var machine = new TestMachine();
        Assert.Throws<BootException>(() => machine.Machine.LoadBoot(new BootOptions { KernelPath = WriteElf(address, memoryBytes, address) }));
    }

    [Fact]
    public void LoadBoot_ElfCutOrChangedAnywhere_IsTakenOrRefused()
    {
        using var machine = new TestMachine();
        byte[] elf = File.ReadAllBytes(WriteElf(0x8040_0000, 16, 0x8040_0000));
        for (int i = 0; i < elf.Length * 2; i++)
        {
            byte[] changed = i < elf.Length ? elf[..i] : [.. elf];
            if (i >= elf.Length)
                changed[i - elf.Length] ^= 0xff;
            string path = Path.Combine(_folder, "changed");
            File.WriteAllBytes(path, changed);
            try
            {
                machine.Machine.LoadBoot(new BootOptions { KernelPath = path });
            }
            catch (BootException refusal)
            {
                Assert.NotEmpty(refusal.Message);
            }
        }
    }

    [Fact]
    public void LoadBoot_InitrdUpToTheDeviceTree_IsRefusedByQemusMessage()
    {
        using var machine = new TestMachine();
        string kernel = Write("kernel", 100, 1);
        var refusal = Assert.Throws<BootException>(() =>
            machine.Machine.LoadBoot(new BootOptions { KernelPath = kernel, InitrdPath = Write("initrd", 7 << 20, 2) }));
        Assert.Equal("Not enough memory to place DTB after kernel/initrd", refusal.Message);
    }

    [Fact]
    public void LoadBoot_MissingFile_IsNamed()
    {
        using var machine = new TestMachine();
        var refusal = Assert.Throws<BootException>(() => machine.Machine.LoadBoot(new BootOptions { FirmwarePath = "/nowhere/fw" }));
        Assert.StartsWith("cannot read firmware '/nowhere/fw'", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(64, 0x83e0_0000UL)]
    [InlineData(200, 0x8c60_0000UL)]
    [InlineData(4096, 0x1_7fe0_0000UL)]
    public void Reset_OfAnyRamSize_PutsTheTreeWhereQemuHasIt(int mebibytes, ulong address)
    {
        using var machine = new TestMachine(new VirtMachineOptions { RamBytes = (ulong)mebibytes << 20, Profile = PeerProfile.Qemu11_1 });
        Assert.Equal(address, machine.Read(0x1020, 8));
    }

    private string Write(string name, int length, byte value)
    {
        string path = Path.Combine(_folder, name);
        var bytes = new byte[length];
        bytes.AsSpan().Fill(value);
        File.WriteAllBytes(path, bytes);
        return path;
    }

    /// <summary>One segment of eight bytes, longer in memory.</summary>
    private string WriteElf(ulong address, ulong memoryBytes, ulong entry)
    {
        var elf = new byte[64 + 56 + 8];
        new byte[] { 0x7f, (byte)'E', (byte)'L', (byte)'F', 2, 1, 1 }.CopyTo(elf, 0);
        BinaryPrimitives.WriteUInt16LittleEndian(elf.AsSpan(18), 243);
        BinaryPrimitives.WriteUInt64LittleEndian(elf.AsSpan(24), entry);
        BinaryPrimitives.WriteUInt64LittleEndian(elf.AsSpan(32), 64);
        BinaryPrimitives.WriteUInt16LittleEndian(elf.AsSpan(54), 56);
        BinaryPrimitives.WriteUInt16LittleEndian(elf.AsSpan(56), 1);
        BinaryPrimitives.WriteUInt32LittleEndian(elf.AsSpan(64), 1);
        BinaryPrimitives.WriteUInt64LittleEndian(elf.AsSpan(64 + 8), 120);
        BinaryPrimitives.WriteUInt64LittleEndian(elf.AsSpan(64 + 24), address);
        BinaryPrimitives.WriteUInt64LittleEndian(elf.AsSpan(64 + 32), 8);
        BinaryPrimitives.WriteUInt64LittleEndian(elf.AsSpan(64 + 40), memoryBytes);
        elf.AsSpan(120).Fill(0x55);
        string path = Path.Combine(_folder, "elf");
        File.WriteAllBytes(path, elf);
        return path;
    }
}
