namespace Godwit.VmState;

/// <summary>Order among registered entries: higher values are saved first; inside one value, registration order decides.</summary>
public enum MigrationPriority
{
    /// <summary>After everything else.</summary>
    Low = 0,

    /// <summary>Most devices, and RAM.</summary>
    Default = 1,

    /// <summary>IOMMUs, before the devices behind them.</summary>
    Iommu = 2,

    /// <summary>PCI bridges and root ports.</summary>
    PciBus = 3,

    /// <summary>virtio-mem devices.</summary>
    VirtioMem = 4,

    /// <summary>x86 local APIC; a priority of its own since 11.1, <see cref="Default"/> before.</summary>
    Apic = 5,

    /// <summary>GICv3 ITS.</summary>
    GicV3Its = 6,

    /// <summary>GICv3.</summary>
    GicV3 = 7,
}
