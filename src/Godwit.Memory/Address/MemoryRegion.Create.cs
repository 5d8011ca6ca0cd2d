namespace Godwit.Memory;

/// <content>One factory for each kind of region.</content>
public sealed partial class MemoryRegion
{
    /// <summary>A region that only groups others.</summary>
    /// <param name="system">The memory system.</param>
    /// <param name="name">Shown by the monitor.</param>
    /// <param name="size">0 to 2^64 bytes.</param>
    public static MemoryRegion CreateContainer(MemorySystem system, string name, Int128 size) => new(system, MemoryRegionKind.Container, name, size);

    /// <summary>RAM, with a new block of that name in the RAM list.</summary>
    /// <param name="system">The memory system.</param>
    /// <param name="name">Name of region and block.</param>
    /// <param name="sizeBytes">More than 0; rounded up to whole pages.</param>
    /// <param name="options">How the block is made; null for plain guest RAM.</param>
    /// <exception cref="ArgumentException">A block of that name exists, or the name is empty or too long.</exception>
    public static MemoryRegion CreateRam(MemorySystem system, string name, ulong sizeBytes, RamBlockOptions? options = null)
        => WithBlock(system, MemoryRegionKind.Ram, name, sizeBytes, options, null, null, true);

    /// <summary>ROM, with a new block of that name in the RAM list; the guest cannot write it.</summary>
    /// <param name="system">The memory system.</param>
    /// <param name="name">Name of region and block.</param>
    /// <param name="sizeBytes">More than 0; rounded up to whole pages.</param>
    /// <param name="options">How the block is made; null for plain guest RAM.</param>
    /// <exception cref="ArgumentException">A block of that name exists, or the name is empty or too long.</exception>
    public static MemoryRegion CreateRom(MemorySystem system, string name, ulong sizeBytes, RamBlockOptions? options = null)
        => WithBlock(system, MemoryRegionKind.Rom, name, sizeBytes, options, null, null, true);

    /// <summary>A ROM device, with a new block of that name in the RAM list.</summary>
    /// <param name="system">The memory system.</param>
    /// <param name="name">Name of region and block.</param>
    /// <param name="sizeBytes">More than 0; rounded up to whole pages.</param>
    /// <param name="operations">Called for writes, and for reads while not in ROM mode.</param>
    /// <param name="constraints">Which accesses it answers to; null for the default.</param>
    /// <param name="options">How the block is made; null for plain guest RAM.</param>
    /// <exception cref="ArgumentException">A block of that name exists, or the name is empty or too long.</exception>
    public static MemoryRegion CreateRomDevice(
        MemorySystem system,
        string name,
        ulong sizeBytes,
        IMemoryRegionOperations operations,
        AccessConstraints? constraints = null,
        RamBlockOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(operations);
        return WithBlock(system, MemoryRegionKind.RomDevice, name, sizeBytes, options, operations, constraints, true);
    }

    /// <summary>A device's registers.</summary>
    /// <param name="system">The memory system.</param>
    /// <param name="name">Shown by the monitor.</param>
    /// <param name="size">0 to 2^64 bytes.</param>
    /// <param name="operations">Called for every access.</param>
    /// <param name="constraints">Which accesses it answers to; null for the default.</param>
    /// <param name="requiresBigLock">False if the operations lock for themselves, so that they can be called without the big lock.</param>
    public static MemoryRegion CreateIo(
        MemorySystem system,
        string name,
        Int128 size,
        IMemoryRegionOperations operations,
        AccessConstraints? constraints = null,
        bool requiresBigLock = true)
    {
        ArgumentNullException.ThrowIfNull(operations);
        constraints?.Validate();
        return new MemoryRegion(system, MemoryRegionKind.Io, name, size)
        {
            Operations = operations,
            Constraints = constraints ?? AccessConstraints.Default,
            RequiresBigLock = requiresBigLock,
        };
    }

    /// <summary>A window onto another region.</summary>
    /// <param name="system">The memory system.</param>
    /// <param name="name">Shown by the monitor.</param>
    /// <param name="target">What shows.</param>
    /// <param name="targetOffset">First byte of the target that shows.</param>
    /// <param name="size">0 to 2^64 bytes.</param>
    public static MemoryRegion CreateAlias(MemorySystem system, string name, MemoryRegion target, ulong targetOffset, Int128 size)
    {
        ArgumentNullException.ThrowIfNull(target);
        if (!ReferenceEquals(target.System, system))
            throw new InvalidOperationException($"Region '{target.Name}' belongs to another memory system.");
        return new MemoryRegion(system, MemoryRegionKind.Alias, name, size) { AliasTarget = target, AliasOffset = targetOffset };
    }

    private static MemoryRegion WithBlock(
        MemorySystem system,
        MemoryRegionKind kind,
        string name,
        ulong sizeBytes,
        RamBlockOptions? options,
        IMemoryRegionOperations? operations,
        AccessConstraints? constraints,
        bool requiresBigLock)
    {
        ArgumentNullException.ThrowIfNull(system);
        ArgumentNullException.ThrowIfNull(name);
        constraints?.Validate();
        var block = system.Ram.Add(name, sizeBytes, options ?? new RamBlockOptions());
        var region = new MemoryRegion(system, kind, name, block.UsedLengthBytes)
        {
            RamBlock = block,
            IsReadOnly = kind == MemoryRegionKind.Rom,
            Operations = operations,
            Constraints = constraints ?? AccessConstraints.Default,
            RequiresBigLock = requiresBigLock,
        };
        block.Region = region;
        system.Ram.Publish(block);
        return region;
    }
}
