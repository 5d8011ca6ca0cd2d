namespace Godwit.Memory;

/// <summary>What is behind a memory region.</summary>
public enum MemoryRegionKind
{
    /// <summary>Nothing of its own: only its subregions show.</summary>
    Container,

    /// <summary>A RAM block that the guest reads and writes.</summary>
    Ram,

    /// <summary>A RAM block that the guest only reads; its writes are ignored.</summary>
    Rom,

    /// <summary>A RAM block that the guest reads while the device is in ROM mode; its writes always go to the device.</summary>
    RomDevice,

    /// <summary>A device's registers.</summary>
    Io,

    /// <summary>A window onto another region.</summary>
    Alias,
}
