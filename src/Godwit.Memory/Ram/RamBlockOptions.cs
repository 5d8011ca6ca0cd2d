namespace Godwit.Memory;

/// <summary>How a RAM block is made; the defaults are those of plain guest RAM.</summary>
public sealed record RamBlockOptions
{
    /// <summary>Path of the owning device on its bus (a PCI slot, for instance), put before the region's name; default none.</summary>
    public string? OwnerPath { get; init; }

    /// <summary>Whether migration carries the block; default true. A block that is not still takes room in the linear RAM space.</summary>
    public bool IsMigratable { get; init; } = true;

    /// <summary>Bytes that the block may grow to; default (null) fixes the length at the region's size.</summary>
    public ulong? MaxLengthBytes { get; init; }

    /// <summary>Whether other processes can map the memory; default false. It is a memory file then, else private memory in huge pages.</summary>
    public bool IsShared { get; init; }

    /// <summary>The file that is the memory, shared with everybody who maps it; default none.</summary>
    public string? FilePath { get; init; }

    /// <summary>Page size of the backing in bytes, a power of two; default 4096.</summary>
    public uint PageSizeBytes { get; init; } = TargetPage.SizeBytes;
}
