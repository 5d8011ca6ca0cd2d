using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace Godwit.Memory;

/// <summary>An address space as a sorted array of disjoint ranges, each with the region that answers; immutable.</summary>
/// <remarks>
/// A reader takes the view of an address space once and works on that snapshot. The view that is published holds a reference to every RAM
/// block in it; a reader that touches a block's memory after the view may have been replaced takes its own first.
/// </remarks>
public sealed class FlatView
{
    /// <summary>Size of a whole address space: 2^64.</summary>
    public static readonly Int128 AddressSpaceSize = (Int128)1 << 64;

    private readonly FlatRange[] _ranges;
    private readonly ulong[] _lasts;
    private int _recent;

    internal FlatView(MemoryRegion root, FlatRange[] ranges)
    {
        Root = root;
        _ranges = ranges;
        _lasts = Array.ConvertAll(ranges, range => range.Last.Value);
    }

    /// <summary>The region that was rendered.</summary>
    public MemoryRegion Root { get; }

    /// <summary>The ranges, by address.</summary>
    public ImmutableArray<FlatRange> Ranges => ImmutableCollectionsMarshal.AsImmutableArray(_ranges);

    /// <summary>The range that contains <paramref name="address"/>.</summary>
    /// <returns>False if nobody answers there.</returns>
    public bool TryFind(GuestAddress address, [NotNullWhen(true)] out FlatRange? range)
    {
        // The place of the last hit is only a hint: a racing thread may overwrite it, and any value is checked.
        var ranges = _ranges;
        var hint = _recent;
        if ((uint)hint < (uint)ranges.Length && ranges[hint].Contains(address))
        {
            range = ranges[hint];
            return true;
        }
        var index = IndexAtOrBehind(address);
        if (index < ranges.Length && ranges[index].Start.Value <= address.Value)
        {
            _recent = index;
            range = ranges[index];
            return true;
        }
        range = null;
        return false;
    }

    /// <summary>The first range that contains <paramref name="address"/> or starts behind it.</summary>
    /// <returns>False if there is none.</returns>
    public bool TryFindNext(GuestAddress address, [NotNullWhen(true)] out FlatRange? range)
    {
        var index = IndexAtOrBehind(address);
        range = index < _ranges.Length ? _ranges[index] : null;
        return range is not null;
    }

    internal void AddBlockReferences()
    {
        foreach (var block in DistinctBlocks())
        {
            if (!block.TryAddReference())
                throw new InvalidOperationException($"RAM block {block.IdString} is gone, but its region '{block.Region.Name}' is still shown.");
        }
    }

    internal void ReleaseBlockReferences()
    {
        foreach (var block in DistinctBlocks())
            block.ReleaseReference();
    }

    private HashSet<RamBlock> DistinctBlocks() => [.. _ranges.Select(range => range.Region.RamBlock).OfType<RamBlock>()];

    private int IndexAtOrBehind(GuestAddress address)
    {
        var index = Array.BinarySearch(_lasts, address.Value);
        return index < 0 ? ~index : index;
    }
}
