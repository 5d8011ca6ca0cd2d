namespace Godwit.Memory.Tests;

/// <summary>A random region tree of every kind, and random changes to it.</summary>
internal sealed class RandomTree
{
    internal const ulong Unit = 0x1000;
    private const int Units = 48;

    private readonly Random _random;
    private readonly List<MemoryRegion> _regions = [];
    private readonly NullDevice _device = new();

    internal RandomTree(MemorySystem system, int seed, int count)
    {
        _random = new Random(seed);
        System = system;
        Root = MemoryRegion.CreateContainer(system, "root", Units * (Int128)Unit);
        _regions.Add(Root);
        for (var i = 0; i < count; i++)
            _regions.Add(CreateRegion(i));
        foreach (var region in _regions.Skip(1))
        {
            if (_random.Next(8) != 0)
                TryAttach(region);
        }
    }

    internal MemorySystem System { get; }

    internal MemoryRegion Root { get; }

    internal IReadOnlyList<MemoryRegion> Regions => _regions;

    internal GuestAddress RandomAddress() => new((ulong)_random.NextInt64((long)(Units * Unit)));

    internal void Mutate()
    {
        var region = _regions[_random.Next(1, _regions.Count)];
        switch (_random.Next(8))
        {
            case 0:
                region.SetEnabled(!region.IsEnabled);
                break;
            case 1:
                region.SetOffset(RandomOffset());
                break;
            case 2 when region.Container is { } container:
                container.RemoveSubregion(region);
                break;
            case 3 when region.Container is null:
                TryAttach(region);
                break;
            case 4 when region.Kind != MemoryRegionKind.Rom:
                region.SetReadOnly(!region.IsReadOnly);
                break;
            case 5 when region.Kind == MemoryRegionKind.RomDevice:
                region.SetRomd(!region.IsRomdMode);
                break;
            case 6 when region.RamBlock is not null:
                region.SetDisplayLogging(region.DirtyLogMask == DirtyClientMask.None || (region.DirtyLogMask & DirtyClientMask.Vga) == DirtyClientMask.None);
                break;
            case 7 when region.Kind == MemoryRegionKind.Alias:
                region.SetAliasOffset(RandomOffset());
                break;
            default:
                region.SetUnmergeable(!region.IsUnmergeable);
                break;
        }
    }

    /// <summary>The region at an address, found without rendering: children in sibling order, then the region itself.</summary>
    internal static (MemoryRegion Region, Int128 Offset)? Lookup(MemoryRegion region, Int128 address)
    {
        var inside = address - region.Offset;
        if (!region.IsEnabled || inside < 0 || inside >= region.Size)
            return null;
        if (region.AliasTarget is { } target)
            return Lookup(target, inside + region.AliasOffset + target.Offset);
        foreach (var subregion in region.Subregions)
        {
            if (Lookup(subregion, inside) is { } found)
                return found;
        }
        return region.Terminates ? (region, inside) : null;
    }

    private MemoryRegion CreateRegion(int number)
    {
        var name = $"r{number}";
        var size = (ulong)_random.Next(1, Units / 2) * Unit;
        var region = _random.Next(8) switch
        {
            0 or 1 => MemoryRegion.CreateContainer(System, name, size),
            2 or 3 => MemoryRegion.CreateRam(System, name, size),
            4 => MemoryRegion.CreateRomDevice(System, name, size, _device),
            5 => MemoryRegion.CreateIo(System, name, size, _device),
            _ => MemoryRegion.CreateAlias(System, name, _regions[_random.Next(_regions.Count)], RandomOffset(), size),
        };
        if (_random.Next(8) == 0)
            region.SetEnabled(false);
        if (_random.Next(6) == 0)
            region.SetReadOnly(true);
        if (_random.Next(10) == 0)
            region.SetNonVolatile(true);
        return region;
    }

    private void TryAttach(MemoryRegion region)
    {
        var container = _regions[_random.Next(_random.Next(2) == 0 ? 1 : _regions.Count)];
        if (container.Kind == MemoryRegionKind.Alias)
            container = Root;
        try
        {
            container.AddSubregion(region, RandomOffset(), _random.Next(-1, 2));
        }
        catch (InvalidOperationException)
        {
            // The random choice would have put the region inside itself.
        }
    }

    private ulong RandomOffset() => (ulong)_random.Next(Units) * Unit;
}
