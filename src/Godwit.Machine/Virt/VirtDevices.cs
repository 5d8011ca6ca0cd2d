using Godwit.Accel;
using Godwit.Memory;
using Godwit.VmState;

namespace Godwit.Machine;

/// <summary>The devices of the <c>virt</c> machine: made in the order of the RAM blocks, mapped, registered in the order of the sections.</summary>
internal sealed class VirtDevices : IDisposable
{
    private readonly MemorySystem _memory;
    private readonly ulong _ramBytes;
    private readonly MemoryRegion _bootRom;
    private readonly PflashCfi01[] _flash;
    private readonly GpexHost _pci = new();
    private readonly GoldfishRtc _rtc;
    private readonly SifiveTest _test;
    private readonly FwCfg _fwCfg;
    private readonly Uart16550 _uart;
    private readonly VirtioMmioTransport[] _virtio;
    private readonly NullCharBackend _noSerial = new();

    public VirtDevices(
        VirtMachineOptions options, MemorySystem memory, AddressSpace addressSpace, VirtualClock clock, Action<int> powerOff, Action reset)
    {
        _memory = memory;
        _ramBytes = options.RamBytes;
        Ram = MemoryRegion.CreateRam(memory, options.RamName, options.RamBytes, options.RamBlock);
        _bootRom = MemoryRegion.CreateRom(memory, "riscv_virt_board.mrom", VirtMemoryMap.BootRomBytes);
        _flash = [new PflashCfi01(memory, "virt.flash0"), new PflashCfi01(memory, "virt.flash1")];
        Clint = new RiscVClint(clock, options.HartCount);
        Plic = new SifivePlic(options.HartCount);
        Dma = new GuestDma(addressSpace);
        _fwCfg = new FwCfg(Dma, options.HartCount, options.Uuid);
        (byte[] anchor, byte[] tables) = SmbiosTables.Build(options.Uuid, options.RamBytes, options.HartCount);
        _fwCfg.AddFile("etc/smbios/smbios-anchor", anchor);
        _fwCfg.AddFile("etc/smbios/smbios-tables", tables);
        _rtc = new GoldfishRtc(clock, options.Time, level => Plic.SetLevel(VirtMemoryMap.RtcInterrupt, level));
        _test = new SifiveTest(powerOff, reset);
        _uart = new Uart16550(memory.BigLock, clock, options.Serial ?? _noSerial, level => Plic.SetLevel(VirtMemoryMap.UartInterrupt, level));
        _virtio = [.. Enumerable.Range(0, VirtMemoryMap.VirtioCount).Select(_ => new VirtioMmioTransport(options.IsVirtioLegacy))];
        foreach (VirtioDeviceOptions device in options.VirtioDevices)
            Plug(device.Create(memory.BigLock, clock, Dma), device.Slot);
    }

    public MemoryRegion Ram { get; }

    /// <summary>The plugged virtio devices with their slots, in the order of the command line.</summary>
    public List<(VirtioDevice Device, int Slot)> Virtio { get; } = [];

    public RiscVClint Clint { get; }

    public SifivePlic Plic { get; }

    public GuestDma Dma { get; }

    public void MapInto(MemoryRegion root)
    {
        root.AddSubregion(Ram, VirtMemoryMap.Ram);
        root.AddSubregion(_bootRom, VirtMemoryMap.BootRom);
        root.AddSubregion(_flash[0].Region, VirtMemoryMap.Flash0);
        root.AddSubregion(_flash[1].Region, VirtMemoryMap.Flash1);
        Add("riscv.aclint.swi", VirtMemoryMap.Clint, RiscVClint.SoftwareInterruptBytes, Clint.SoftwareInterruptRegisters, RiscVClint.SoftwareInterruptAccess);
        Add("riscv.aclint.mtimer", VirtMemoryMap.ClintTimer, RiscVClint.TimerBytes, Clint.TimerRegisters, RiscVClint.TimerAccess);
        Add("riscv.sifive.plic", VirtMemoryMap.Plic, SifivePlic.RegionBytes, Plic.Registers, SifivePlic.Access);
        Add("fwcfg.data", VirtMemoryMap.FwCfg, 8, _fwCfg.DataRegisters, FwCfg.DataAccess);
        Add("fwcfg.ctl", VirtMemoryMap.FwCfg + 8, 2, _fwCfg.ControlRegisters, FwCfg.ControlAccess);
        Add("fwcfg.dma", VirtMemoryMap.FwCfg + 16, 8, _fwCfg.DmaRegisters, FwCfg.DmaAccess);
        Add("riscv.sifive.test", VirtMemoryMap.Test, SifiveTest.RegionBytes, _test.Registers, SifiveTest.Access);
        for (int i = 0; i < _virtio.Length; i++)
        {
            ulong address = VirtMemoryMap.Virtio + ((ulong)i * VirtMemoryMap.VirtioStride);
            Add("virtio-mmio", address, VirtMemoryMap.VirtioBytes, _virtio[i].Registers, VirtioMmioTransport.Access);
        }

        MapPci(root);
        root.AddSubregion(MemoryRegion.CreateContainer(_memory, "platform bus", VirtMemoryMap.PlatformBusBytes), VirtMemoryMap.PlatformBus);
        Add("serial", VirtMemoryMap.Uart, Uart16550.RegionBytes, _uart.Registers, Uart16550.Access);
        Add("goldfish_rtc", VirtMemoryMap.Rtc, GoldfishRtc.RegionBytes, _rtc.Registers, GoldfishRtc.Access);

        void Add(string name, ulong address, ulong sizeBytes, IMemoryRegionOperations registers, AccessConstraints access) =>
            root.AddSubregion(MemoryRegion.CreateIo(_memory, name, sizeBytes, registers, access), address);
    }

    public void Register(VmStateRegistry registry)
    {
        Clint.Register(registry);
        Plic.Register(registry);
        _fwCfg.Register(registry);
        _pci.Register(registry);
        _uart.Register(registry);
        _rtc.Register(registry);
        _flash[0].Register(registry);
        _flash[1].Register(registry);
        foreach ((_, int slot) in Virtio)
            new VirtioState(_virtio[slot]).Register(registry, VirtMemoryMap.Virtio + ((ulong)slot * VirtMemoryMap.VirtioStride));
    }

    public void Reset()
    {
        Plic.Reset();
        Clint.Reset();
        _fwCfg.Reset();
        _pci.Reset();
        _uart.Reset();
        _rtc.Reset();
        _flash[0].Reset();
        _flash[1].Reset();
        foreach (VirtioMmioTransport transport in _virtio)
            transport.Reset();
    }

    /// <summary>Does beforehand what would hold up <see cref="Pause"/>; the big lock is not held.</summary>
    public void PrepareToPause()
    {
        foreach ((VirtioDevice device, _) in Virtio)
            device.PrepareToPause();
    }

    /// <summary>Waits for what is under way; the big lock is not held.</summary>
    public void Pause()
    {
        _uart.IsRunning = false;
        foreach ((VirtioDevice device, _) in Virtio)
            device.Pause();
    }

    /// <summary>Goes on; the big lock is held.</summary>
    public void Resume()
    {
        _uart.Resume();
        foreach ((VirtioDevice device, _) in Virtio)
            device.Resume();
    }

    public void Dispose()
    {
        foreach ((VirtioDevice device, _) in Virtio)
            device.Dispose();
        _uart.Dispose();
        _noSerial.Dispose();
    }

    private void Plug(VirtioDevice device, int? wantedSlot)
    {
        if (device is VirtioBalloon && Virtio.Exists(v => v.Device is VirtioBalloon))
        {
            device.Dispose();
            throw new InvalidOperationException("Only one balloon device is supported");
        }

        int slot = wantedSlot ?? Array.FindLastIndex(_virtio, t => t.Device is null);
        if (slot < 0 || slot >= _virtio.Length || _virtio[slot].Device is not null)
        {
            device.Dispose();
            throw new InvalidOperationException(wantedSlot is null ? "All virtio slots are taken." : $"Virtio slot {wantedSlot} is taken or does not exist.");
        }

        _virtio[slot].Plug(device, level => Plic.SetLevel(VirtMemoryMap.VirtioInterrupt + slot, level));
        Virtio.Add((device, slot));
    }

    /// <summary>The memory windows are parts of one region that covers all of PCI's 64-bit address space.</summary>
    private void MapPci(MemoryRegion root)
    {
        MemoryRegion ecam = MemoryRegion.CreateIo(_memory, "pcie-mmcfg-mmio", GpexHost.EcamBytes, _pci.EcamRegisters, GpexHost.Access);
        root.AddSubregion(MemoryRegion.CreateAlias(_memory, "pcie-ecam", ecam, 0, GpexHost.EcamBytes), VirtMemoryMap.PciEcam);
        MemoryRegion window = MemoryRegion.CreateIo(_memory, "gpex_mmio_window", (Int128)1 << 64, _pci.WindowRegisters, GpexHost.Access);
        root.AddSubregion(
            MemoryRegion.CreateAlias(_memory, "pcie-mmio", window, VirtMemoryMap.PciMmio, VirtMemoryMap.PciMmioBytes), VirtMemoryMap.PciMmio);
        ulong high = VirtMemoryMap.PciHighMmio(_ramBytes);
        root.AddSubregion(MemoryRegion.CreateAlias(_memory, "pcie-mmio-high", window, high, VirtMemoryMap.PciHighMmioBytes), high);
        root.AddSubregion(
            MemoryRegion.CreateIo(_memory, "gpex_ioport_window", GpexHost.IoWindowBytes, _pci.WindowRegisters, GpexHost.Access), VirtMemoryMap.PciIo);
    }
}
