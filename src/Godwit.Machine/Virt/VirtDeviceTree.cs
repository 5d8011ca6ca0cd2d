using System.Security.Cryptography;

namespace Godwit.Machine;

/// <summary>Builds the device tree of the <c>virt</c> machine, byte for byte as QEMU does for the same command line.</summary>
/// <remarks>The calls come in the order that gives QEMU's order of nodes, properties and strings; see <see cref="DeviceTreeNode"/>.</remarks>
internal static class VirtDeviceTree
{
    private const uint MachineSoftware = 3;
    private const uint MachineTimer = 7;
    private const uint SupervisorExternal = 9;
    private const uint MachineExternal = 11;
    private const string SerialPath = "/soc/serial@10000000";

    /// <summary>What the contract CPU lists besides the single letters.</summary>
    private static readonly string[] _extensions =
    [
        "zic64b", "ziccamoa", "ziccif", "zicclsm", "ziccrse", "zicntr", "zicsr", "zifencei", "zmmul", "za64rs", "zaamo", "zalrsc", "zca", "zcd",
        "shcounterenw", "shgatpa", "shtvala", "shvsatpa", "shvstvala", "shvstvecd", "ssccptr", "sscounterenw", "ssstrict", "sstvala", "sstvecd",
        "ssu64xl",
    ];

    public static DeviceTree Build(VirtMachineOptions options, (ulong Start, ulong End)? initrd = null)
    {
        bool is11 = options.Profile.Release >= new Version(11, 0);
        var tree = new DeviceTree();
        DeviceTreeNode root = tree.Root;
        root.SetStrings("model", "riscv-virtio,qemu");
        root.SetStrings("compatible", "riscv-virtio");
        root.SetCells("#size-cells", 2);
        root.SetCells("#address-cells", 2);
        DeviceTreeNode soc = root.AddChild("soc");
        soc.SetFlag("ranges");
        soc.SetStrings("compatible", "simple-bus");
        soc.SetCells("#size-cells", 2);
        soc.SetCells("#address-cells", 2);
        DeviceTreeNode pci = soc.AddChild("pci@30000000");
        DeviceTreeNode chosen = root.AddChild("chosen");
        chosen.Set("rng-seed", options.RandomSeed is { } seed ? [.. seed] : RandomNumberGenerator.GetBytes(32));
        DeviceTreeNode aliases = root.AddChild("aliases");
        AddFlash(root);
        AddFirmwareConfiguration(root);
        AddCounters(root);

        uint hartCount = (uint)options.HartCount;
        uint plic = (2 * hartCount) + 1;
        uint test = plic + 1;
        uint[] controllers = AddHarts(root, hartCount, is11);
        DeviceTreeNode memory = root.AddChild("memory@80000000");
        memory.SetReg((VirtMemoryMap.Ram, options.RamBytes));
        memory.SetStrings("device_type", "memory");
        AddClint(soc, controllers);
        AddPlic(soc, controllers, plic, is11);
        for (uint i = 0; i < VirtMemoryMap.VirtioCount; i++)
            AddVirtio(soc, i, plic);
        FillPci(pci, plic, VirtMemoryMap.PciHighMmio(options.RamBytes));
        AddPlatformBus(root, plic);
        AddTest(root, soc, test);
        AddSerial(soc, plic);
        chosen.SetStrings("stdout-path", SerialPath);
        aliases.SetStrings("serial0", SerialPath);
        AddRtc(soc, plic);
        FillChosen(chosen, options.CommandLine, initrd);
        return tree;
    }

    private static void FillChosen(DeviceTreeNode chosen, string? commandLine, (ulong Start, ulong End)? initrd)
    {
        if (initrd is { } range)
        {
            chosen.SetUInt64("linux,initrd-start", range.Start);
            chosen.SetUInt64("linux,initrd-end", range.End);
        }

        if (!string.IsNullOrEmpty(commandLine))
            chosen.SetStrings("bootargs", commandLine);
    }

    private static void AddFlash(DeviceTreeNode root)
    {
        DeviceTreeNode flash = root.AddChild("flash@20000000");
        flash.SetStrings("compatible", "cfi-flash");
        flash.SetReg((VirtMemoryMap.Flash0, PflashCfi01.BankBytes), (VirtMemoryMap.Flash1, PflashCfi01.BankBytes));
        flash.SetCells("bank-width", 4);
    }

    private static void AddFirmwareConfiguration(DeviceTreeNode root)
    {
        DeviceTreeNode node = root.AddChild("fw-cfg@10100000");
        node.SetStrings("compatible", "qemu,fw-cfg-mmio");
        node.SetReg((VirtMemoryMap.FwCfg, 0x18UL));
        node.SetFlag("dma-coherent");
    }

    private static void AddCounters(DeviceTreeNode root)
    {
        DeviceTreeNode pmu = root.AddChild("pmu");
        pmu.SetStrings("compatible", "riscv,pmu");
        pmu.SetCells("riscv,event-to-mhpmcounters", 1, 1, 1, 2, 2, 4, 0x10019, 0x10019, 0, 0x1001b, 0x1001b, 0, 0x10021, 0x10021, 0);
    }

    private static uint[] AddHarts(DeviceTreeNode root, uint hartCount, bool is11)
    {
        string[] extensions = [.. _extensions.Where(e => is11 || !string.Equals(e, "ssstrict", StringComparison.Ordinal))];
        var controllers = new uint[hartCount];
        DeviceTreeNode cpus = root.AddChild("cpus");
        cpus.SetCells("timebase-frequency", (uint)RiscVClint.Frequency);
        cpus.SetCells("#size-cells", 0);
        cpus.SetCells("#address-cells", 1);
        DeviceTreeNode cluster = cpus.AddChild("cpu-map").AddChild("cluster0");
        uint phandle = 1;
        for (uint hart = hartCount; hart-- > 0;)
        {
            DeviceTreeNode cpu = cpus.AddChild($"cpu@{hart:x}");
            cpu.SetStrings("mmu-type", "riscv,sv39");
            cpu.SetStrings("riscv,isa", "rv64imafdc_" + string.Join('_', extensions));
            cpu.SetStrings("riscv,isa-base", "rv64i");
            cpu.SetStrings("riscv,isa-extensions", ["i", "m", "a", "f", "d", "c", .. extensions]);
            cpu.SetStrings("compatible", "riscv");
            cpu.SetStrings("status", "okay");
            cpu.SetCells("reg", hart);
            cpu.SetStrings("device_type", "cpu");
            cpu.SetCells("phandle", phandle);
            DeviceTreeNode controller = cpu.AddChild("interrupt-controller");
            controllers[hart] = phandle + 1;
            controller.SetCells("phandle", phandle + 1);
            controller.SetStrings("compatible", "riscv,cpu-intc");
            controller.SetFlag("interrupt-controller");
            controller.SetCells("#interrupt-cells", 1);
            cluster.AddChild($"core{hart:x}").SetCells("cpu", phandle);
            phandle += 2;
        }

        return controllers;
    }

    private static void AddClint(DeviceTreeNode soc, uint[] controllers)
    {
        DeviceTreeNode clint = soc.AddChild("clint@2000000");
        clint.SetStrings("compatible", "sifive,clint0", "riscv,clint0");
        clint.SetReg((VirtMemoryMap.Clint, 0x10000UL));
        clint.SetCells("interrupts-extended", [.. controllers.SelectMany(c => new[] { c, MachineSoftware, c, MachineTimer })]);
    }

    private static void AddPlic(DeviceTreeNode soc, uint[] controllers, uint phandle, bool is11)
    {
        DeviceTreeNode plic = soc.AddChild(is11 ? "interrupt-controller@c000000" : "plic@c000000");
        plic.SetCells("#interrupt-cells", 1);
        plic.SetCells("#address-cells", 0);
        plic.SetStrings("compatible", "sifive,plic-1.0.0", "riscv,plic0");
        plic.SetFlag("interrupt-controller");
        plic.SetCells("interrupts-extended", [.. controllers.SelectMany(c => new[] { c, MachineExternal, c, SupervisorExternal })]);
        plic.SetReg((VirtMemoryMap.Plic, SifivePlic.RegionBytes));
        plic.SetCells("riscv,ndev", SifivePlic.SourceCount - 1);
        plic.SetCells("phandle", phandle);
    }

    private static void AddVirtio(DeviceTreeNode soc, uint index, uint plic)
    {
        ulong address = VirtMemoryMap.Virtio + (index * VirtMemoryMap.VirtioStride);
        DeviceTreeNode node = soc.AddChild($"virtio_mmio@{address:x}");
        node.SetStrings("compatible", "virtio,mmio");
        node.SetReg((address, VirtMemoryMap.VirtioStride));
        node.SetCells("interrupt-parent", plic);
        node.SetCells("interrupts", VirtMemoryMap.VirtioInterrupt + index);
    }

    private static void FillPci(DeviceTreeNode pci, uint plic, ulong highWindow)
    {
        pci.SetCells("#address-cells", 3);
        pci.SetCells("#interrupt-cells", 1);
        pci.SetCells("#size-cells", 2);
        pci.SetStrings("compatible", "pci-host-ecam-generic");
        pci.SetStrings("device_type", "pci");
        pci.SetCells("linux,pci-domain", 0);
        pci.SetCells("bus-range", 0, 255);
        pci.SetFlag("dma-coherent");
        pci.SetReg((VirtMemoryMap.PciEcam, GpexHost.EcamBytes));
        uint highUpper = (uint)(highWindow >> 32);
        uint highLower = (uint)highWindow;
        pci.SetCells(
            "ranges",
            0x1000000, 0, 0, 0, (uint)VirtMemoryMap.PciIo, 0, (uint)GpexHost.IoWindowBytes,
            0x2000000, 0, (uint)VirtMemoryMap.PciMmio, 0, (uint)VirtMemoryMap.PciMmio, 0, (uint)VirtMemoryMap.PciMmioBytes,
            0x3000000, highUpper, highLower, highUpper, highLower, (uint)(VirtMemoryMap.PciHighMmioBytes >> 32), 0);
        var map = new List<uint>();
        for (uint slot = 0; slot < 4; slot++)
        {
            for (uint pin = 1; pin <= 4; pin++)
                map.AddRange([slot << 11, 0, 0, pin, plic, VirtMemoryMap.PciInterrupt + ((pin - 1 + slot) % 4)]);
        }

        pci.SetCells("interrupt-map", [.. map]);
        pci.SetCells("interrupt-map-mask", 0x1800, 0, 0, 7);
    }

    private static void AddPlatformBus(DeviceTreeNode root, uint plic)
    {
        DeviceTreeNode bus = root.AddChild("platform-bus@4000000");
        bus.SetStrings("compatible", "qemu,platform", "simple-bus");
        bus.SetCells("#size-cells", 1);
        bus.SetCells("#address-cells", 1);
        bus.SetCells("ranges", 0, 0, (uint)VirtMemoryMap.PlatformBus, (uint)VirtMemoryMap.PlatformBusBytes);
        bus.SetCells("interrupt-parent", plic);
    }

    private static void AddTest(DeviceTreeNode root, DeviceTreeNode soc, uint phandle)
    {
        DeviceTreeNode test = soc.AddChild("test@100000");
        test.SetStrings("compatible", "sifive,test1", "sifive,test0", "syscon");
        test.SetReg((VirtMemoryMap.Test, SifiveTest.RegionBytes));
        test.SetCells("phandle", phandle);
        foreach ((string name, uint value) in new[] { ("reboot", 0x7777u), ("poweroff", 0x5555u) })
        {
            DeviceTreeNode node = root.AddChild(name);
            node.SetStrings("compatible", "syscon-" + name);
            node.SetCells("regmap", phandle);
            node.SetCells("offset", 0);
            node.SetCells("value", value);
        }
    }

    private static void AddSerial(DeviceTreeNode soc, uint plic)
    {
        DeviceTreeNode serial = soc.AddChild("serial@10000000");
        serial.SetStrings("compatible", "ns16550a");
        serial.SetReg((VirtMemoryMap.Uart, 0x100UL));
        serial.SetCells("clock-frequency", 3686400);
        serial.SetCells("interrupt-parent", plic);
        serial.SetCells("interrupts", VirtMemoryMap.UartInterrupt);
    }

    private static void AddRtc(DeviceTreeNode soc, uint plic)
    {
        DeviceTreeNode rtc = soc.AddChild("rtc@101000");
        rtc.SetStrings("compatible", "google,goldfish-rtc");
        rtc.SetReg((VirtMemoryMap.Rtc, 0x1000UL));
        rtc.SetCells("interrupt-parent", plic);
        rtc.SetCells("interrupts", VirtMemoryMap.RtcInterrupt);
    }
}
