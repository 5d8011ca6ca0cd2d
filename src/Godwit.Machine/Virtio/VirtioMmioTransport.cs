using Godwit.Memory;

namespace Godwit.Machine;

/// <summary>One of the machine's eight slots for virtio devices. An empty one says so and ignores everything else.</summary>
public sealed class VirtioMmioTransport
{
    private const ulong Magic = 0x7472_6976;
    private const ulong Vendor = 0x554d_4551;
    private const ulong LegacyVersion = 1;

    /// <summary>Creates an empty slot.</summary>
    public VirtioMmioTransport() => Registers = new RegisterBlock(Read, (_, _, _) => { });

    internal IMemoryRegionOperations Registers { get; }

    /// <summary>Registers are 32 bits wide, but other accesses do not trap.</summary>
    internal static AccessConstraints Access { get; } = new() { MaximumSizeBytes = 8, AllowsUnaligned = true };

    private static ulong Read(ulong offset, int sizeBytes) => (offset, sizeBytes) switch
    {
        (0x00, 4) => Magic,
        (0x04, 4) => LegacyVersion,
        (0x0c, 4) => Vendor,
        _ => 0,
    };
}
