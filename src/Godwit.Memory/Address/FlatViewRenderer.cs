using System.Runtime.InteropServices;

namespace Godwit.Memory;

/// <summary>Turns a tree of regions into a flat view; what is in the view already always wins.</summary>
internal sealed class FlatViewRenderer
{
    private readonly List<FlatRange> _ranges = [];

    internal static FlatView Render(MemoryRegion root)
    {
        var renderer = new FlatViewRenderer();
        renderer.Render(root, 0, new Clip(0, FlatView.AddressSpaceSize), false, false, false);
        return new FlatView(root, renderer.Join());
    }

    // origin is where the container starts; it is negative where an alias shows the middle of its target low in the address space.
    private void Render(MemoryRegion region, Int128 origin, Clip clip, bool readOnly, bool nonVolatile, bool unmergeable)
    {
        if (!region.IsEnabled)
            return;
        origin += region.Offset;
        readOnly |= region.IsReadOnly;
        nonVolatile |= region.IsNonVolatile;
        unmergeable |= region.IsUnmergeable;
        clip = clip.Intersect(origin, origin + region.Size);
        if (clip.IsEmpty)
            return;
        if (region.AliasTarget is { } target)
        {
            Render(target, origin - target.Offset - region.AliasOffset, clip, readOnly, nonVolatile, unmergeable);
            return;
        }
        foreach (var subregion in region.Subregions)
            Render(subregion, origin, clip, readOnly, nonVolatile, unmergeable);
        if (region.Terminates)
            FillGaps(region, origin, clip, readOnly, nonVolatile, unmergeable);
    }

    private void FillGaps(MemoryRegion region, Int128 origin, Clip clip, bool readOnly, bool nonVolatile, bool unmergeable)
    {
        var index = FirstEndingBehind(clip.Start);
        var start = clip.Start;
        while (start < clip.End)
        {
            var end = clip.End;
            if (index < _ranges.Count)
            {
                var next = _ranges[index];
                if (next.Start.Value <= start)
                {
                    start = next.Start.Value + next.Size;
                    index++;
                    continue;
                }
                end = Int128.Min(end, next.Start.Value);
            }
            var range = new FlatRange(region, (ulong)(start - origin), new GuestAddress((ulong)start), end - start, readOnly, nonVolatile, unmergeable);
            _ranges.Insert(index++, range);
            start = end;
        }
    }

    private int FirstEndingBehind(Int128 address)
    {
        var low = 0;
        var high = _ranges.Count;
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (_ranges[middle].Last.Value < address)
                low = middle + 1;
            else
                high = middle;
        }
        return low;
    }

    private FlatRange[] Join()
    {
        var joined = new List<FlatRange>(_ranges.Count);
        foreach (var range in _ranges)
        {
            if (joined.Count > 0 && joined[^1].CanJoin(range))
                joined[^1] = joined[^1].Join(range);
            else
                joined.Add(range);
        }
        return [.. joined];
    }

    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Clip(Int128 Start, Int128 End)
    {
        internal bool IsEmpty => Start >= End;

        internal Clip Intersect(Int128 start, Int128 end) => new(Int128.Max(Start, start), Int128.Min(End, end));
    }
}
