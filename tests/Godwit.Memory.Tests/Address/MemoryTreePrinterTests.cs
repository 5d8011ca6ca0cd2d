namespace Godwit.Memory.Tests;

/// <summary>The memory map of QEMU's riscv64 <c>virt</c> machine with 256 MiB; the texts were printed by qemu-system-riscv64 10.0.2 (-nodefaults).</summary>
public sealed class MemoryTreePrinterTests
{
    private const string FlatText = """
          0000000000001000-000000000000ffff (prio 0, rom): riscv_virt_board.mrom
          0000000000100000-0000000000100fff (prio 0, i/o): riscv.sifive.test
          0000000000101000-0000000000101023 (prio 0, i/o): goldfish_rtc
          0000000002000000-0000000002003fff (prio 0, i/o): riscv.aclint.swi
          0000000002004000-000000000200bfff (prio 0, i/o): riscv.aclint.mtimer
          0000000003000000-000000000300ffff (prio 0, i/o): gpex_ioport_window
          000000000c000000-000000000c5fffff (prio 0, i/o): riscv.sifive.plic
          0000000010000000-0000000010000007 (prio 0, i/o): serial
          0000000010001000-00000000100011ff (prio 0, i/o): virtio-mmio
          0000000010002000-00000000100021ff (prio 0, i/o): virtio-mmio
          0000000010003000-00000000100031ff (prio 0, i/o): virtio-mmio
          0000000010004000-00000000100041ff (prio 0, i/o): virtio-mmio
          0000000010005000-00000000100051ff (prio 0, i/o): virtio-mmio
          0000000010006000-00000000100061ff (prio 0, i/o): virtio-mmio
          0000000010007000-00000000100071ff (prio 0, i/o): virtio-mmio
          0000000010008000-00000000100081ff (prio 0, i/o): virtio-mmio
          0000000010100000-0000000010100007 (prio 0, i/o): fwcfg.data
          0000000010100008-0000000010100009 (prio 0, i/o): fwcfg.ctl
          0000000010100010-0000000010100017 (prio 0, i/o): fwcfg.dma
          0000000020000000-0000000021ffffff (prio 0, romd): virt.flash0
          0000000022000000-0000000023ffffff (prio 0, romd): virt.flash1
          0000000030000000-000000003fffffff (prio 0, i/o): pcie-mmcfg-mmio
          0000000040000000-000000007fffffff (prio 0, i/o): gpex_mmio_window @0000000040000000
          0000000080000000-000000008fffffff (prio 0, ram): riscv_virt_board.ram
          0000000400000000-00000007ffffffff (prio 0, i/o): gpex_mmio_window @0000000400000000
        """;

    private const string TreeText = """
        address-space: cpu-memory-0
        address-space: memory
          0000000000000000-ffffffffffffffff (prio 0, i/o): system
            0000000000001000-000000000000ffff (prio 0, rom): riscv_virt_board.mrom
            0000000000100000-0000000000100fff (prio 0, i/o): riscv.sifive.test
            0000000000101000-0000000000101023 (prio 0, i/o): goldfish_rtc
            0000000002000000-0000000002003fff (prio 0, i/o): riscv.aclint.swi
            0000000002004000-000000000200bfff (prio 0, i/o): riscv.aclint.mtimer
            0000000003000000-000000000300ffff (prio 0, i/o): gpex_ioport_window
              0000000003000000-000000000300ffff (prio 0, i/o): gpex_ioport
            0000000004000000-0000000005ffffff (prio 0, i/o): platform bus
            000000000c000000-000000000c5fffff (prio 0, i/o): riscv.sifive.plic
            0000000010000000-0000000010000007 (prio 0, i/o): serial
            0000000010001000-00000000100011ff (prio 0, i/o): virtio-mmio
            0000000010002000-00000000100021ff (prio 0, i/o): virtio-mmio
            0000000010003000-00000000100031ff (prio 0, i/o): virtio-mmio
            0000000010004000-00000000100041ff (prio 0, i/o): virtio-mmio
            0000000010005000-00000000100051ff (prio 0, i/o): virtio-mmio
            0000000010006000-00000000100061ff (prio 0, i/o): virtio-mmio
            0000000010007000-00000000100071ff (prio 0, i/o): virtio-mmio
            0000000010008000-00000000100081ff (prio 0, i/o): virtio-mmio
            0000000010100000-0000000010100007 (prio 0, i/o): fwcfg.data
            0000000010100008-0000000010100009 (prio 0, i/o): fwcfg.ctl
            0000000010100010-0000000010100017 (prio 0, i/o): fwcfg.dma
            0000000020000000-0000000021ffffff (prio 0, romd): virt.flash0
            0000000022000000-0000000023ffffff (prio 0, romd): virt.flash1
            0000000030000000-000000003fffffff (prio 0, i/o): alias pcie-ecam @pcie-mmcfg-mmio 0000000000000000-000000000fffffff
            0000000040000000-000000007fffffff (prio 0, i/o): alias pcie-mmio @gpex_mmio_window 0000000040000000-000000007fffffff
            0000000080000000-000000008fffffff (prio 0, ram): riscv_virt_board.ram
            0000000400000000-00000007ffffffff (prio 0, i/o): alias pcie-mmio-high @gpex_mmio_window 0000000400000000-00000007ffffffff

        memory-region: pcie-mmcfg-mmio
          0000000000000000-000000000fffffff (prio 0, i/o): pcie-mmcfg-mmio

        memory-region: gpex_mmio_window
          0000000000000000-ffffffffffffffff (prio 0, i/o): gpex_mmio_window
            0000000000000000-ffffffffffffffff (prio 0, i/o): gpex_mmio


        """;

    [Fact]
    public void PrintFlatViews_VirtMachine_WorkedExampleC()
    {
        using var system = new MemorySystem();
        using var held = system.BigLock.Enter();
        var root = BuildVirt(system);
        system.CreateAddressSpace("memory", root);
        system.CreateAddressSpace("cpu-memory-0", root);
        var expected = $"FlatView #0\n AS \"memory\", root: system\n AS \"cpu-memory-0\", root: system\n Root memory region: system\n{FlatText}\n\n";
        Assert.Equal(expected, MemoryTreePrinter.PrintFlatViews(system));
    }

    [Fact]
    public void PrintFlatViews_EmptySpace_SaysSo()
    {
        using var system = new MemorySystem();
        using var held = system.BigLock.Enter();
        system.CreateAddressSpace("gpex-root", MemoryRegion.CreateContainer(system, "bus master container", FlatView.AddressSpaceSize));
        Assert.Equal(
            "FlatView #0\n AS \"gpex-root\", root: bus master container\n Root memory region: (none)\n  No rendered FlatView\n\n",
            MemoryTreePrinter.PrintFlatViews(system));
    }

    [Fact]
    public void PrintTree_VirtMachine_IsQemusText()
    {
        using var system = new MemorySystem();
        using var held = system.BigLock.Enter();
        var root = BuildVirt(system);
        system.CreateAddressSpace("cpu-memory-0", root);
        system.CreateAddressSpace("memory", root);
        Assert.Equal(TreeText.ReplaceLineEndings("\n"), MemoryTreePrinter.PrintTree(system));
    }

    private static MemoryRegion BuildVirt(MemorySystem system)
    {
        var device = new NullDevice();
        var root = MemoryRegion.CreateContainer(system, "system", FlatView.AddressSpaceSize);
        root.AddSubregion(MemoryRegion.CreateRam(system, "riscv_virt_board.ram", 0x10000000), 0x80000000);
        root.AddSubregion(MemoryRegion.CreateRom(system, "riscv_virt_board.mrom", 0xF000), 0x1000);
        Io("riscv.sifive.test", 0x100000, 0x1000);
        Io("goldfish_rtc", 0x101000, 0x24);
        Io("riscv.aclint.swi", 0x2000000, 0x4000);
        Io("riscv.aclint.mtimer", 0x2004000, 0x8000);
        var ioPorts = Io("gpex_ioport_window", 0x3000000, 0x10000);
        ioPorts.AddSubregion(MemoryRegion.CreateContainer(system, "gpex_ioport", 0x10000), 0);
        root.AddSubregion(MemoryRegion.CreateContainer(system, "platform bus", 0x2000000), 0x4000000);
        Io("riscv.sifive.plic", 0xC000000, 0x600000);
        Io("serial", 0x10000000, 8);
        for (var i = 1UL; i <= 8; i++)
            Io("virtio-mmio", 0x10000000 + (i * 0x1000), 0x200);
        Io("fwcfg.data", 0x10100000, 8);
        Io("fwcfg.ctl", 0x10100008, 2);
        Io("fwcfg.dma", 0x10100010, 8);
        root.AddSubregion(MemoryRegion.CreateRomDevice(system, "virt.flash0", 0x2000000, device), 0x20000000);
        root.AddSubregion(MemoryRegion.CreateRomDevice(system, "virt.flash1", 0x2000000, device), 0x22000000);
        var ecam = MemoryRegion.CreateIo(system, "pcie-mmcfg-mmio", 0x10000000, device);
        root.AddSubregion(MemoryRegion.CreateAlias(system, "pcie-ecam", ecam, 0, 0x10000000), 0x30000000);
        var window = MemoryRegion.CreateIo(system, "gpex_mmio_window", FlatView.AddressSpaceSize, device);
        window.AddSubregion(MemoryRegion.CreateContainer(system, "gpex_mmio", FlatView.AddressSpaceSize), 0);
        root.AddSubregion(MemoryRegion.CreateAlias(system, "pcie-mmio", window, 0x40000000, 0x40000000), 0x40000000);
        root.AddSubregion(MemoryRegion.CreateAlias(system, "pcie-mmio-high", window, 0x400000000, 0x400000000), 0x400000000);
        return root;

        MemoryRegion Io(string name, ulong offset, ulong size)
        {
            var region = MemoryRegion.CreateIo(system, name, size, device);
            root.AddSubregion(region, offset);
            return region;
        }
    }
}
