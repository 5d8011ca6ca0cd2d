namespace Godwit.Memory.Tests;

public sealed class FlatViewTests
{
    private static readonly NullDevice _device = new();

    [Fact]
    public void Render_PrioritiesAndAlias_WorkedExampleA()
    {
        using var system = new MemorySystem();
        using var held = system.BigLock.Enter();
        var root = MemoryRegion.CreateContainer(system, "sys", 0x10000);
        var a = MemoryRegion.CreateRam(system, "A", 0x8000);
        root.AddSubregion(a, 0);
        root.AddSubregion(MemoryRegion.CreateRam(system, "B", 0x2000), 0x1000, 1);
        root.AddSubregion(MemoryRegion.CreateRam(system, "C", 0x1000), 0x2000, 1);
        root.AddSubregion(MemoryRegion.CreateAlias(system, "A-again", a, 0x1000, 0x3000), 0xA000);

        string[] expected =
        [
            "0000000000000000-0000000000000fff A @0",
            "0000000000001000-0000000000001fff B @0",
            "0000000000002000-0000000000002fff C @0",
            "0000000000003000-0000000000007fff A @3000",
            "000000000000a000-000000000000cfff A @1000",
        ];
        Assert.Equal(string.Join('\n', expected), Lines(FlatViewRenderer.Render(root)));
    }

    [Fact]
    public void Render_Q35_WorkedExampleB()
    {
        using var system = new MemorySystem();
        using var held = system.BigLock.Enter();
        var root = MemoryRegion.CreateContainer(system, "system", FlatView.AddressSpaceSize);
        var ram = MemoryRegion.CreateRam(system, "pc.ram", 0x140000000);
        var bios = MemoryRegion.CreateRom(system, "pc.bios", 0x40000);
        var isaBios = MemoryRegion.CreateAlias(system, "isa-bios", bios, 0x20000, 0x20000);
        isaBios.SetReadOnly(true);
        root.AddSubregion(MemoryRegion.CreateAlias(system, "ram-below-4g", ram, 0, 0x80000000), 0);
        root.AddSubregion(MemoryRegion.CreateAlias(system, "ram-above-4g", ram, 0x80000000, 0xC0000000), 0x100000000);
        root.AddSubregion(bios, 0xFFFC0000);
        root.AddSubregion(MemoryRegion.CreateRom(system, "pc.rom", 0x20000), 0xC0000, 1);
        root.AddSubregion(isaBios, 0xE0000, 1);

        var view = FlatViewRenderer.Render(root);
        string[] expected =
        [
            "0000000000000000-00000000000bffff pc.ram @0",
            "00000000000c0000-00000000000dffff pc.rom @0",
            "00000000000e0000-00000000000fffff pc.bios @20000",
            "0000000000100000-000000007fffffff pc.ram @100000",
            "00000000fffc0000-00000000ffffffff pc.bios @0",
            "0000000100000000-00000001bfffffff pc.ram @80000000",
        ];
        Assert.Equal(string.Join('\n', expected), Lines(view));
        Assert.Equal([false, true, true, false, true, false], view.Ranges.Select(r => r.IsReadOnly));
    }

    [Fact]
    public void Render_WholeAddressSpace_LastByteIsFound()
    {
        using var system = new MemorySystem();
        using var held = system.BigLock.Enter();
        var all = MemoryRegion.CreateIo(system, "all", FlatView.AddressSpaceSize, _device);
        var view = FlatViewRenderer.Render(all);
        Assert.Equal(FlatView.AddressSpaceSize, Assert.Single(view.Ranges).Size);
        Assert.True(view.TryFind(new GuestAddress(ulong.MaxValue), out var range));
        Assert.Equal(new GuestAddress(ulong.MaxValue), range.Last);
    }

    [Fact]
    public void Render_AliasOfTheMiddlePlacedLow_NegativeOriginIsNoProblem()
    {
        using var system = new MemorySystem();
        using var held = system.BigLock.Enter();
        var root = MemoryRegion.CreateContainer(system, "root", FlatView.AddressSpaceSize);
        var target = MemoryRegion.CreateIo(system, "dev", FlatView.AddressSpaceSize, _device);
        root.AddSubregion(MemoryRegion.CreateAlias(system, "window", target, 0xFFFFFFFFFFFF0000, 0x20000), 0x1000);
        Assert.Equal("0000000000001000-0000000000010fff dev @ffffffffffff0000", Lines(FlatViewRenderer.Render(root)));
    }

    [Fact]
    public void Render_IoWithChildren_ChildrenAreInFront()
    {
        using var system = new MemorySystem();
        using var held = system.BigLock.Enter();
        var io = MemoryRegion.CreateIo(system, "io", 0x100, _device);
        io.AddSubregion(MemoryRegion.CreateIo(system, "pic", 0x10, _device), 0x20, -5);
        string[] expected =
        [
            "0000000000000000-000000000000001f io @0",
            "0000000000000020-000000000000002f pic @0",
            "0000000000000030-00000000000000ff io @30",
        ];
        Assert.Equal(string.Join('\n', expected), Lines(FlatViewRenderer.Render(io)));
    }

    [Fact]
    public void Render_EqualPrioritySiblingMoves_BecomesTheNewest()
    {
        using var system = new MemorySystem();
        using var held = system.BigLock.Enter();
        var root = MemoryRegion.CreateContainer(system, "root", 0x4000);
        var older = MemoryRegion.CreateIo(system, "older", 0x1000, _device);
        var newer = MemoryRegion.CreateIo(system, "newer", 0x1000, _device);
        root.AddSubregion(older, 0);
        root.AddSubregion(newer, 0);
        Assert.Equal("0000000000000000-0000000000000fff newer @0", Lines(FlatViewRenderer.Render(root)));
        older.SetOffset(0x1000);
        older.SetOffset(0);
        Assert.Equal("0000000000000000-0000000000000fff older @0", Lines(FlatViewRenderer.Render(root)));
    }

    [Fact]
    public void Render_AdjacentAliasesOfOneRegion_Joined()
    {
        using var system = new MemorySystem();
        using var held = system.BigLock.Enter();
        var root = MemoryRegion.CreateContainer(system, "root", 0x4000);
        var dev = MemoryRegion.CreateIo(system, "dev", 0x2000, _device);
        var low = MemoryRegion.CreateAlias(system, "low", dev, 0, 0x1000);
        root.AddSubregion(low, 0);
        root.AddSubregion(MemoryRegion.CreateAlias(system, "high", dev, 0x1000, 0x1000), 0x1000);
        Assert.Equal("0000000000000000-0000000000001fff dev @0", Lines(FlatViewRenderer.Render(root)));
        low.SetUnmergeable(true);
        Assert.Equal(2, FlatViewRenderer.Render(root).Ranges.Length);
        low.SetUnmergeable(false);
        low.SetReadOnly(true);
        Assert.Equal(2, FlatViewRenderer.Render(root).Ranges.Length);
    }

    [Fact]
    public void AddSubregion_WouldLoop_Refused()
    {
        using var system = new MemorySystem();
        using var held = system.BigLock.Enter();
        var outer = MemoryRegion.CreateContainer(system, "outer", 0x1000);
        var inner = MemoryRegion.CreateContainer(system, "inner", 0x1000);
        outer.AddSubregion(inner, 0);
        Assert.Throws<InvalidOperationException>(() => inner.AddSubregion(outer, 0));
        Assert.Throws<InvalidOperationException>(() => outer.AddSubregion(outer, 0));
        var first = MemoryRegion.CreateAlias(system, "first", outer, 0, 0x1000);
        var second = MemoryRegion.CreateAlias(system, "second", first, 0, 0x1000);
        Assert.Throws<InvalidOperationException>(() => inner.AddSubregion(second, 0));
        Assert.Throws<InvalidOperationException>(() => outer.AddSubregion(inner, 0x100));
        Assert.Empty(inner.Subregions);
    }

    [Fact]
    public void TryFind_GapsAndBorders_OnlyWhatIsThere()
    {
        using var system = new MemorySystem();
        using var held = system.BigLock.Enter();
        var root = MemoryRegion.CreateContainer(system, "root", 0x10000);
        root.AddSubregion(MemoryRegion.CreateIo(system, "a", 0x10, _device), 0x100);
        root.AddSubregion(MemoryRegion.CreateIo(system, "b", 0x10, _device), 0x200);
        var view = FlatViewRenderer.Render(root);
        (ulong Address, string? Name)[] cases = [(0xFF, null), (0x100, "a"), (0x10F, "a"), (0x110, null), (0x200, "b"), (0x20F, "b"), (0x210, null), (0x100, "a")];
        foreach (var (address, name) in cases)
            Assert.Equal(name, view.TryFind(new GuestAddress(address), out var range) ? range.Region.Name : null);
        Assert.True(view.TryFindNext(new GuestAddress(0x110), out var next));
        Assert.Equal("b", next.Region.Name);
        Assert.False(view.TryFindNext(new GuestAddress(0x210), out _));
    }

    [Fact]
    public void Render_RandomTree_SortedDisjointAndFullyJoined() => ForAllTrees((tree, view) =>
    {
        var ranges = view.Ranges;
        return ranges.All(r => r.Size > 0 && r.Start.Value + r.Size <= FlatView.AddressSpaceSize)
            && ranges.Zip(ranges.Skip(1)).All(p => p.First.Last.Value < p.Second.Start.Value && !p.First.CanJoin(p.Second));
    });

    [Fact]
    public void Render_RandomTree_AgreesWithNaiveLookupAtEveryUnitAndAtRandomAddresses() => ForAllTrees((tree, view) =>
    {
        var addresses = Enumerable.Range(0, 64).Select(i => new GuestAddress((ulong)i * RandomTree.Unit)).Concat(Enumerable.Range(0, 64).Select(_ => tree.RandomAddress()));
        foreach (var address in addresses)
        {
            var expected = RandomTree.Lookup(tree.Root, address.Value);
            var found = view.TryFind(address, out var range);
            if (found != expected.HasValue)
                return false;
            if (found && (!ReferenceEquals(range!.Region, expected!.Value.Region) || range.OffsetInRegion + (address.Value - range.Start.Value) != expected.Value.Offset))
                return false;
        }
        return true;
    });

    [Fact]
    public void Render_SameTreeTwice_SameRanges() => ForAllTrees((tree, view) => string.Equals(Lines(FlatViewRenderer.Render(tree.Root)), Lines(view), StringComparison.Ordinal));

    [Fact]
    public void Render_AliasOfTheWhole_SameAsPlacingIt() => ForAllTrees((tree, _) =>
    {
        var system = tree.System;
        const ulong Where = 0x123000;
        // A second container shows each loose region once directly and once through an alias.
        foreach (var region in tree.Regions.Where(r => r.Container is null && !ReferenceEquals(r, tree.Root)))
        {
            var direct = MemoryRegion.CreateContainer(system, "direct", FlatView.AddressSpaceSize);
            direct.AddSubregion(region, Where);
            var placed = FlatViewRenderer.Render(direct);
            direct.RemoveSubregion(region);
            var aliased = MemoryRegion.CreateContainer(system, "aliased", FlatView.AddressSpaceSize);
            aliased.AddSubregion(MemoryRegion.CreateAlias(system, "alias", region, 0, region.Size), Where);
            if (!string.Equals(Lines(FlatViewRenderer.Render(aliased)), Lines(placed), StringComparison.Ordinal))
                return false;
        }
        return true;
    });

    [Fact]
    public void SetEnabled_OffAndOnAgain_RestoresTheView() => ForAllTrees((tree, view) =>
    {
        foreach (var region in tree.Regions)
        {
            var was = region.IsEnabled;
            region.SetEnabled(!was);
            region.SetEnabled(was);
        }
        return string.Equals(Lines(FlatViewRenderer.Render(tree.Root)), Lines(view), StringComparison.Ordinal);
    });

    private static void ForAllTrees(Func<RandomTree, FlatView, bool> holds) => Seeds.ForAll(seed =>
    {
        using var system = new MemorySystem();
        using var held = system.BigLock.Enter();
        var tree = new RandomTree(system, seed, 14);
        return holds(tree, FlatViewRenderer.Render(tree.Root));
    });

    private static string Lines(FlatView view) => string.Join('\n', view.Ranges.Select(r => r.ToString()));
}
