namespace Godwit.Machine;

/// <summary>Where things are on the <c>virt</c> machine, and which interrupt they have (docs/formats/virt-sections.md).</summary>
internal static class VirtMemoryMap
{
    public const ulong BootRom = 0x1000;
    public const ulong BootRomBytes = 0xf000;
    public const ulong Test = 0x10_0000;
    public const ulong Rtc = 0x10_1000;
    public const ulong Clint = 0x200_0000;
    public const ulong ClintTimer = 0x200_4000;
    public const ulong PciIo = 0x300_0000;
    public const ulong PlatformBus = 0x400_0000;
    public const ulong PlatformBusBytes = 0x200_0000;
    public const ulong Plic = 0xc00_0000;
    public const ulong Uart = 0x1000_0000;
    public const ulong Virtio = 0x1000_1000;
    public const ulong VirtioStride = 0x1000;
    public const ulong VirtioBytes = 0x200;
    public const int VirtioCount = 8;
    public const ulong FwCfg = 0x1010_0000;
    public const ulong Flash0 = 0x2000_0000;
    public const ulong Flash1 = 0x2200_0000;
    public const ulong PciEcam = 0x3000_0000;
    public const ulong PciMmio = 0x4000_0000;
    public const ulong PciMmioBytes = 0x4000_0000;
    public const ulong Ram = 0x8000_0000;
    public const ulong PciHighMmioBytes = 0x4_0000_0000;

    public const int VirtioInterrupt = 1;
    public const int UartInterrupt = 10;
    public const int RtcInterrupt = 11;
    public const uint PciInterrupt = 32;

    /// <summary>The 64-bit PCI window begins at the next multiple of its size behind RAM.</summary>
    public static ulong PciHighMmio(ulong ramBytes) => (Ram + ramBytes + PciHighMmioBytes - 1) & ~(PciHighMmioBytes - 1);
}
