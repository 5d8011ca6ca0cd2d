using System.Globalization;
using System.Text;

namespace Godwit.Memory;

/// <summary>Region trees and flat views as text, laid out as QEMU 10.0 prints them (<c>info mtree</c>).</summary>
public static class MemoryTreePrinter
{
    private const int IndentPerLevel = 2;

    /// <summary>The tree of every address space, then of every region that an alias shows; the big lock is held.</summary>
    /// <remarks>Spaces with one root are printed together. Disabled regions have no line, but what is in them keeps its place.</remarks>
    public static string PrintTree(MemorySystem system)
    {
        ArgumentNullException.ThrowIfNull(system);
        system.BigLock.AssertHeld();
        var text = new StringBuilder();
        var aliased = new List<MemoryRegion>();
        foreach (var group in system.AddressSpaces.GroupBy(space => space.Root))
        {
            foreach (var addressSpace in group)
                text.Append(CultureInfo.InvariantCulture, $"address-space: {addressSpace.Name}\n");
            AppendRegion(text, group.Key, 0, 1, aliased);
            text.Append('\n');
        }
        // Printing a target may find further ones.
        for (var i = 0; i < aliased.Count; i++)
        {
            text.Append(CultureInfo.InvariantCulture, $"memory-region: {aliased[i].Name}\n");
            AppendRegion(text, aliased[i], 0, 1, aliased);
            text.Append('\n');
        }
        return text.ToString();
    }

    /// <summary>The flat view of every address space (<c>info mtree -f</c>); equal views are printed once. Needs no lock.</summary>
    public static string PrintFlatViews(MemorySystem system)
    {
        ArgumentNullException.ThrowIfNull(system);
        var text = new StringBuilder();
        var number = 0;
        foreach (var group in system.AddressSpaces.GroupBy(space => space.CurrentView))
        {
            text.Append(CultureInfo.InvariantCulture, $"FlatView #{number++}\n");
            foreach (var addressSpace in group)
                text.Append(CultureInfo.InvariantCulture, $" AS \"{addressSpace.Name}\", root: {addressSpace.Root.Name}\n");
            AppendView(text, group.Key);
            text.Append('\n');
        }
        return text.ToString();
    }

    private static void AppendView(StringBuilder text, FlatView view)
    {
        text.Append(CultureInfo.InvariantCulture, $" Root memory region: {(view.Ranges.IsEmpty ? "(none)" : view.Root.Name)}\n");
        if (view.Ranges.IsEmpty)
            text.Append("  No rendered FlatView\n");
        foreach (var range in view.Ranges)
        {
            text.Append(CultureInfo.InvariantCulture, $"  {range.Start.Value:x16}-{range.Last.Value:x16} ");
            text.Append(CultureInfo.InvariantCulture, $"(prio {range.Region.Priority}, {TypeOf(range)}): {range.Region.Name}");
            if (range.OffsetInRegion != 0)
                text.Append(CultureInfo.InvariantCulture, $" @{range.OffsetInRegion:x16}");
            text.Append('\n');
        }
    }

    private static void AppendRegion(StringBuilder text, MemoryRegion region, Int128 origin, int level, List<MemoryRegion> aliased)
    {
        var start = origin + region.Offset;
        if (region.AliasTarget is { } target && !aliased.Contains(target))
            aliased.Add(target);
        if (region.IsEnabled)
        {
            text.Append(' ', IndentPerLevel * level);
            text.Append(CultureInfo.InvariantCulture, $"{(ulong)start:x16}-{Last(start, region.Size):x16} (prio {region.Priority}, {TypeOf(region)}): ");
            if (region.AliasTarget is { } shown)
                text.Append(CultureInfo.InvariantCulture, $"alias {region.Name} @{shown.Name} {region.AliasOffset:x16}-{Last(region.AliasOffset, region.Size):x16}\n");
            else
                text.Append(CultureInfo.InvariantCulture, $"{region.Name}\n");
        }
        // By address; where one starts at the place of another, the one in front first.
        foreach (var subregion in region.Subregions.OrderBy(r => r.Offset).ThenByDescending(r => r.Priority))
            AppendRegion(text, subregion, start, level + 1, aliased);
    }

    private static ulong Last(Int128 start, Int128 size) => unchecked((ulong)(size == 0 ? start : start + size - 1));

    // An alias has the type of what it shows.
    private static string TypeOf(MemoryRegion region)
    {
        var shown = region;
        while (shown.AliasTarget is { } target)
            shown = target;
        var type = shown.Kind switch
        {
            MemoryRegionKind.Ram or MemoryRegionKind.Rom => region.IsReadOnly || shown.IsReadOnly ? "rom" : "ram",
            MemoryRegionKind.RomDevice => shown.IsRomdMode ? "romd" : "i/o",
            _ => "i/o",
        };
        return region.IsNonVolatile ? $"nv-{type}" : type;
    }

    private static string TypeOf(FlatRange range)
    {
        var type = range.Region.Kind switch
        {
            MemoryRegionKind.RomDevice => range.IsRomd ? "romd" : "i/o",
            MemoryRegionKind.Io => "i/o",
            _ => range.IsReadOnly ? "rom" : "ram",
        };
        return range.IsNonVolatile ? $"nv-{type}" : type;
    }
}
