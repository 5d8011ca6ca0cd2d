namespace Godwit.Migration;

/// <summary>The flags of a packet (docs/formats/multifd.md, "Flags").</summary>
[Flags]
public enum MultiFdBits : uint
{
    /// <summary>Pages as they are.</summary>
    None = 0,

    /// <summary>The channel has reached a synchronisation point and waits there.</summary>
    Sync = 0x01,

    /// <summary>One zlib stream per channel.</summary>
    Zlib = 0x02,

    /// <summary>One zstd frame per channel.</summary>
    Zstd = 0x04,

    /// <summary>Intel's accelerator; not read here.</summary>
    Qpl = 0x08,

    /// <summary>Kunpeng's accelerator; not read here.</summary>
    Uadk = 0x10,

    /// <summary>QATzip; not read here.</summary>
    Qatzip = 0x20,

    /// <summary>All bits of the method.</summary>
    MethodMask = Zlib | Zstd | Qpl | Uadk | Qatzip,

    /// <summary>State of a device, in another layout.</summary>
    DeviceState = 0x40,
}
