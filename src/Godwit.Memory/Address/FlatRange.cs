using System.Globalization;

namespace Godwit.Memory;

/// <summary>A run of guest-physical addresses with one region behind it; immutable.</summary>
public sealed class FlatRange
{
    internal FlatRange(MemoryRegion region, ulong offsetInRegion, GuestAddress start, Int128 size, bool isReadOnly, bool isNonVolatile, bool isUnmergeable)
        : this(region, offsetInRegion, start, size, region.DirtyLogMask, region.IsRomdMode, isReadOnly, isNonVolatile, isUnmergeable)
    {
    }

    private FlatRange(
        MemoryRegion region,
        ulong offsetInRegion,
        GuestAddress start,
        Int128 size,
        DirtyClientMask dirtyLogMask,
        bool isRomd,
        bool isReadOnly,
        bool isNonVolatile,
        bool isUnmergeable)
    {
        Region = region;
        OffsetInRegion = offsetInRegion;
        Start = start;
        Size = size;
        Last = new GuestAddress((ulong)(start.Value + size - 1));
        DirtyLogMask = dirtyLogMask;
        IsRomd = isRomd;
        IsReadOnly = isReadOnly;
        IsNonVolatile = isNonVolatile;
        IsUnmergeable = isUnmergeable;
        ReadsMemory = region.RamBlock is not null && isRomd;
        WritesMemory = region.Kind == MemoryRegionKind.Ram && !isReadOnly;
    }

    /// <summary>What answers.</summary>
    public MemoryRegion Region { get; }

    /// <summary>First byte of the range, counted from the start of the region.</summary>
    public ulong OffsetInRegion { get; }

    /// <summary>First address.</summary>
    public GuestAddress Start { get; }

    /// <summary>Last address, inclusive.</summary>
    public GuestAddress Last { get; }

    /// <summary>Size in bytes, 1 to 2^64 inclusive.</summary>
    public Int128 Size { get; }

    /// <summary>The clients that want to know about guest writes to the range.</summary>
    public DirtyClientMask DirtyLogMask { get; }

    /// <summary>Whether reads of a ROM device go to its memory; true for other kinds.</summary>
    public bool IsRomd { get; }

    /// <summary>Whether guest writes do not reach memory.</summary>
    public bool IsReadOnly { get; }

    /// <summary>Whether the content survives a power cycle.</summary>
    public bool IsNonVolatile { get; }

    /// <summary>Whether the range must not be joined with neighbours.</summary>
    public bool IsUnmergeable { get; }

    /// <summary>Whether a guest read goes straight to the RAM block.</summary>
    public bool ReadsMemory { get; }

    /// <summary>Whether a guest write goes straight to the RAM block.</summary>
    public bool WritesMemory { get; }

    /// <summary>Whether the address is inside.</summary>
    public bool Contains(GuestAddress address) => address.Value >= Start.Value && address.Value <= Last.Value;

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Start.Value:x16}-{Last.Value:x16} {Region.Name} @{OffsetInRegion:x}");

    // Equal for the delete and add passes. The dirty log mask is left out: its changes are told by log_start and log_stop.
    internal bool IsSameMapping(FlatRange other)
        => ReferenceEquals(Region, other.Region) && Start == other.Start && Size == other.Size && OffsetInRegion == other.OffsetInRegion
            && HasSameAttributes(other) && IsUnmergeable == other.IsUnmergeable;

    internal bool CanJoin(FlatRange next)
        => !IsUnmergeable && !next.IsUnmergeable
            && ReferenceEquals(Region, next.Region)
            && Start.Value + Size == next.Start.Value
            && OffsetInRegion + Size == next.OffsetInRegion
            && DirtyLogMask == next.DirtyLogMask
            && HasSameAttributes(next);

    internal FlatRange Join(FlatRange next)
        => new(Region, OffsetInRegion, Start, Size + next.Size, DirtyLogMask, IsRomd, IsReadOnly, IsNonVolatile, IsUnmergeable);

    private bool HasSameAttributes(FlatRange other)
        => IsRomd == other.IsRomd && IsReadOnly == other.IsReadOnly && IsNonVolatile == other.IsNonVolatile;
}
