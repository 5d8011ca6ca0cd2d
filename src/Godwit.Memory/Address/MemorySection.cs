namespace Godwit.Memory;

/// <summary>A part of a flat view, as listeners see it.</summary>
/// <remarks>A listener that keeps a section longer than the callback and touches its memory takes a reference to the RAM block.</remarks>
/// <param name="AddressSpace">The address space.</param>
/// <param name="View">The view that the section is from.</param>
/// <param name="Range">The range of the view that the section lies in.</param>
/// <param name="OffsetInRegion">First byte, counted from the start of the region.</param>
/// <param name="Start">First address.</param>
/// <param name="Size">Size in bytes, 1 to 2^64 inclusive.</param>
public readonly record struct MemorySection(
    AddressSpace AddressSpace,
    FlatView View,
    FlatRange Range,
    ulong OffsetInRegion,
    GuestAddress Start,
    Int128 Size)
{
    internal MemorySection(AddressSpace addressSpace, FlatView view, FlatRange range)
        : this(addressSpace, view, range, range.OffsetInRegion, range.Start, range.Size)
    {
    }

    /// <summary>What answers.</summary>
    public MemoryRegion Region => Range.Region;

    /// <summary>The RAM block behind the section, or null.</summary>
    public RamBlock? RamBlock => Range.Region.RamBlock;

    /// <summary>Whether guest writes do not reach memory.</summary>
    public bool IsReadOnly => Range.IsReadOnly;

    /// <summary>Whether reads of a ROM device go to its memory; true for other kinds.</summary>
    public bool IsRomd => Range.IsRomd;

    /// <summary>Whether the content survives a power cycle.</summary>
    public bool IsNonVolatile => Range.IsNonVolatile;

    /// <summary>Whether the section must not be joined with neighbours.</summary>
    public bool IsUnmergeable => Range.IsUnmergeable;

    /// <summary>The clients that want to know about guest writes to the section.</summary>
    public DirtyClientMask DirtyLogMask => Range.DirtyLogMask;

    /// <summary>First byte in the linear RAM space.</summary>
    /// <exception cref="InvalidOperationException">There is no RAM block behind the section.</exception>
    public RamAddress RamStart => (RamBlock ?? throw new InvalidOperationException($"Region '{Region.Name}' has no RAM block.")).Offset.Add(OffsetInRegion);
}
