namespace Godwit.Memory.Tests;

public sealed class RamListTests
{
    // name, maximum length, used length, offset in the linear RAM space; read from `info ramblock` of QEMU 10.0.2 and 11.1.3.
    private static readonly (string Name, ulong Max, ulong Used, ulong Offset)[] _virtBlocks =
    [
        ("riscv_virt_board.ram", 0x10000000, 0x10000000, 0),
        ("riscv_virt_board.mrom", 0xF000, 0xF000, 0x10000000),
        ("virt.flash0", 0x2000000, 0x2000000, 0x10040000),
        ("virt.flash1", 0x2000000, 0x2000000, 0x12040000),
        ("/rom@etc/acpi/tables", 0x200000, 0x20000, 0x14040000),
        ("/rom@etc/table-loader", 0x10000, 0x1000, 0x14240000),
        ("/rom@etc/acpi/rsdp", 0x1000, 0x1000, 0x14280000),
    ];

    private static readonly (string Name, ulong Max, ulong Used, ulong Offset)[] _q35Blocks =
    [
        ("pc.ram", 0x140000000, 0x140000000, 0),
        ("pc.bios", 0x40000, 0x40000, 0x140000000),
        ("pc.rom", 0x20000, 0x20000, 0x140040000),
        ("/rom@etc/acpi/tables", 0x200000, 0x20000, 0x140080000),
        ("/rom@etc/table-loader", 0x10000, 0x1000, 0x140280000),
        ("/rom@etc/acpi/rsdp", 0x1000, 0x1000, 0x1402C0000),
    ];

    [Fact]
    public void Add_VirtMachine_OffsetsAndOrderAreThoseOfQemu()
    {
        using var system = Build(_virtBlocks);
        string[] order =
        [
            "riscv_virt_board.ram", "virt.flash0", "virt.flash1", "/rom@etc/acpi/tables", "/rom@etc/table-loader", "riscv_virt_board.mrom",
            "/rom@etc/acpi/rsdp",
        ];
        Assert.Equal(string.Join(' ', order), string.Join(' ', system.Ram.Blocks.Select(b => b.IdString)));
    }

    [Fact]
    public void Add_Q35Machine_OffsetsAndOrderAreThoseOfQemu()
    {
        using var system = Build(_q35Blocks);
        string[] order = ["pc.ram", "/rom@etc/acpi/tables", "pc.bios", "pc.rom", "/rom@etc/table-loader", "/rom@etc/acpi/rsdp"];
        Assert.Equal(string.Join(' ', order), string.Join(' ', system.Ram.Blocks.Select(b => b.IdString)));
    }

    [Fact]
    public void Add_RandomBlocksComeAndGo_NeverOverlapAlwaysAlignedAlwaysInOrder()
        => Seeds.ForAll(AllocatesDisjointAlignedAndOrdered, 100);

    [Fact]
    public void Add_SameNameTwice_Refused()
    {
        using var system = new MemorySystem();
        using var held = system.BigLock.Enter();
        MemoryRegion.CreateRam(system, "mem", 0x1000);
        var error = Assert.Throws<ArgumentException>(() => MemoryRegion.CreateRam(system, "mem", 0x1000));
        Assert.Contains("'mem' exists", error.Message, StringComparison.Ordinal);
        Assert.Single(system.Ram.Blocks);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(256)]
    public void Add_NameLengthOffTheWire_Refused(int length)
    {
        using var system = new MemorySystem();
        using var held = system.BigLock.Enter();
        Assert.Throws<ArgumentException>(() => MemoryRegion.CreateRam(system, new string('x', length), 0x1000));
    }

    [Fact]
    public void Add_OwnerPath_PutBeforeTheName()
    {
        using var system = new MemorySystem();
        using var held = system.BigLock.Enter();
        var region = MemoryRegion.CreateRam(system, "vga.vram", 0x1000, new RamBlockOptions { OwnerPath = "0000:00:02.0" });
        Assert.Equal("0000:00:02.0/vga.vram", region.RamBlock!.IdString);
        Assert.Same(region.RamBlock, system.Ram.Find("0000:00:02.0/vga.vram"));
    }

    [Fact]
    public void Add_NewBlock_DirtyForAllClientsOverItsUsedLength()
    {
        using var system = new MemorySystem();
        using var held = system.BigLock.Enter();
        var block = MemoryRegion.CreateRam(system, "tables", 0x2000, new RamBlockOptions { MaxLengthBytes = 0x10000 }).RamBlock!;
        foreach (var client in Enum.GetValues<DirtyClient>())
        {
            Assert.True(system.Dirty.IsDirty(client, new PageIndex(0)));
            Assert.True(system.Dirty.IsDirty(client, new PageIndex(1)));
            Assert.False(system.Dirty.IsDirty(client, new PageIndex(2)));
        }
        Assert.Equal(2UL, block.PageCount);
    }

    [Fact]
    public void Resize_ResizableBlock_NotifiesThenMovesTheDirtyBits()
    {
        using var system = new MemorySystem();
        using var held = system.BigLock.Enter();
        var block = MemoryRegion.CreateRam(system, "tables", 0x4000, new RamBlockOptions { MaxLengthBytes = 0x10000 }).RamBlock!;
        system.Dirty.TestAndClear(block.Offset, 0x4000, DirtyClient.Migration);
        var observer = new Observer();
        system.Ram.AddObserver(observer);

        system.Ram.Resize(block, 0x1FFF);

        Assert.Equal("resizing tables 4000->2000 while 4000", Assert.Single(observer.Log));
        Assert.Equal(0x2000UL, block.UsedLengthBytes);
        Assert.Equal(0x2000, block.Region.Size);
        foreach (var client in Enum.GetValues<DirtyClient>())
        {
            Assert.True(system.Dirty.IsDirty(client, new PageIndex(1)));
            Assert.False(system.Dirty.IsDirty(client, new PageIndex(2)));
        }
    }

    [Fact]
    public void Resize_BeyondMaximumOrFixed_Refused()
    {
        using var system = new MemorySystem();
        using var held = system.BigLock.Enter();
        var resizable = MemoryRegion.CreateRam(system, "a", 0x1000, new RamBlockOptions { MaxLengthBytes = 0x2000 }).RamBlock!;
        var fixedLength = MemoryRegion.CreateRam(system, "b", 0x2000).RamBlock!;
        Assert.Throws<ArgumentOutOfRangeException>(() => system.Ram.Resize(resizable, 0x2001));
        Assert.Throws<InvalidOperationException>(() => system.Ram.Resize(fixedLength, 0x1000));
        Assert.Equal(0x1000UL, resizable.UsedLengthBytes);
    }

    [Fact]
    public void Version_BlockComesAndGoes_Changes()
    {
        using var system = new MemorySystem();
        using var held = system.BigLock.Enter();
        var before = system.Ram.Version;
        var block = MemoryRegion.CreateRam(system, "a", 0x1000).RamBlock!;
        var between = system.Ram.Version;
        var snapshot = system.Ram.Blocks;
        system.RemoveRamBlock(block);
        Assert.Equal(3, new HashSet<int> { before, between, system.Ram.Version }.Count);
        Assert.Single(snapshot);
        Assert.Empty(system.Ram.Blocks);
    }

    [Fact]
    public void Release_LongUserHoldsTheBlock_MemoryOutlivesListAndView()
    {
        using var system = new MemorySystem();
        using var held = system.BigLock.Enter();
        var root = MemoryRegion.CreateContainer(system, "system", 0x10000);
        var ram = MemoryRegion.CreateRam(system, "mem", 0x1000);
        var block = ram.RamBlock!;
        root.AddSubregion(ram, 0);
        var space = system.CreateAddressSpace("memory", root);
        Assert.True(block.TryAddReference());
        Assert.Throws<InvalidOperationException>(() => system.RemoveRamBlock(block));

        root.RemoveSubregion(ram);
        system.RemoveRamBlock(block);
        Assert.False(block.Mapping.IsClosed);
        block.GetSpan(new RamOffset(0), 1)[0] = 7;
        block.ReleaseReference();

        Assert.True(block.Mapping.IsClosed);
        Assert.False(block.TryAddReference());
        Assert.Empty(space.CurrentView.Ranges);
    }

    [Fact]
    public void GetSpan_OutsideTheBlock_Refused()
    {
        using var system = new MemorySystem();
        using var held = system.BigLock.Enter();
        var block = MemoryRegion.CreateRam(system, "mem", 0x1000).RamBlock!;
        Assert.Throws<ArgumentOutOfRangeException>(() => { block.GetSpan(new RamOffset(0xFFF), 2); });
        Assert.Throws<ArgumentOutOfRangeException>(() => { block.GetSpan(new RamOffset(ulong.MaxValue), 1); });
        Assert.Throws<ArgumentOutOfRangeException>(() => { block.GetSpan(new RamOffset(0), -1); });
        Assert.Throws<ArgumentOutOfRangeException>(() => block.GetHostRange(new RamOffset(1), 0x1000));
        Assert.Equal(block.HostAddress + 0xFFF, block.GetHostRange(new RamOffset(0xFFF), 1).Address);
    }

    [Fact]
    public void Discard_WrittenPage_ReadsAsZero()
    {
        using var system = new MemorySystem();
        using var held = system.BigLock.Enter();
        var block = MemoryRegion.CreateRam(system, "mem", 0x2000).RamBlock!;
        block.GetSpan(new RamOffset(0), 0x2000).Fill(0xA5);
        block.Discard(new RamOffset(0x1000), 0x1000);
        Assert.Equal(0xA5, block.GetSpan(new RamOffset(0xFFF), 1)[0]);
        Assert.True(ZeroPage.IsZero(block.GetSpan(new RamOffset(0x1000), 0x1000)));
    }

    [Fact]
    public void Print_VirtMachine_IsQemusTable()
    {
        using var system = Build(_virtBlocks);
        // The address column differs from run to run; the rest is the text of QEMU 10.0.2.
        var expected = string.Join('\n', [
            "              Block Name    PSize              Offset               Used              Total                HVA  RO",
            "    riscv_virt_board.ram    4 KiB  0x0000000000000000 0x0000000010000000 0x0000000010000000 HVA  rw",
            "             virt.flash0    4 KiB  0x0000000010040000 0x0000000002000000 0x0000000002000000 HVA  rw",
            "             virt.flash1    4 KiB  0x0000000012040000 0x0000000002000000 0x0000000002000000 HVA  rw",
            "    /rom@etc/acpi/tables    4 KiB  0x0000000014040000 0x0000000000020000 0x0000000000200000 HVA  ro",
            "   /rom@etc/table-loader    4 KiB  0x0000000014240000 0x0000000000001000 0x0000000000010000 HVA  ro",
            "   riscv_virt_board.mrom    4 KiB  0x0000000010000000 0x000000000000f000 0x000000000000f000 HVA  ro",
            "      /rom@etc/acpi/rsdp    4 KiB  0x0000000014280000 0x0000000000001000 0x0000000000001000 HVA  ro",
            string.Empty,
        ]);
        var printed = RamBlockPrinter.Print(system.Ram);
        foreach (var block in system.Ram.Blocks)
            printed = printed.Replace($"0x{block.HostAddress:x16}", "HVA", StringComparison.Ordinal);
        Assert.Equal(expected, printed);
    }

    private static MemorySystem Build((string Name, ulong Max, ulong Used, ulong Offset)[] blocks)
    {
        var system = new MemorySystem();
        using var held = system.BigLock.Enter();
        foreach (var (name, max, used, offset) in blocks)
        {
            var options = new RamBlockOptions { MaxLengthBytes = max == used ? null : max };
            var isRom = name.Contains("rom", StringComparison.Ordinal);
            var region = isRom ? MemoryRegion.CreateRom(system, name, used, options) : MemoryRegion.CreateRam(system, name, used, options);
            Assert.Equal(new RamAddress(offset), region.RamBlock!.Offset);
            Assert.Equal(max, region.RamBlock.MaxLengthBytes);
            Assert.Equal(used, region.RamBlock.UsedLengthBytes);
        }
        return system;
    }

    private static bool AllocatesDisjointAlignedAndOrdered(int seed)
    {
        var random = new Random(seed);
        using var system = new MemorySystem();
        using var held = system.BigLock.Enter();
        var created = new List<RamBlock>();
        for (var i = 0; i < 24; i++)
        {
            if (created.Count > 0 && random.Next(3) == 0)
            {
                var gone = created[random.Next(created.Count)];
                created.Remove(gone);
                system.RemoveRamBlock(gone);
                continue;
            }
            var length = (ulong)random.Next(1, 5) * (1UL << random.Next(12, 22));
            created.Add(MemoryRegion.CreateRam(system, $"b{i}", length).RamBlock!);
        }
        var byOffset = created.OrderBy(b => b.Offset.Value).ToArray();
        var isDisjoint = byOffset.Zip(byOffset.Skip(1)).All(p => p.First.Offset.Value + p.First.MaxLengthBytes <= p.Second.Offset.Value);
        var expectedOrder = created.OrderByDescending(b => b.MaxLengthBytes);
        return isDisjoint && created.TrueForAll(b => b.Offset.IsAligned(0x40000)) && system.Ram.Blocks.SequenceEqual(expectedOrder);
    }

    private sealed class Observer : IRamListObserver
    {
        public List<string> Log { get; } = [];

        public void BlockAdded(RamBlock block) => Log.Add($"added {block.IdString}");

        public void BlockRemoved(RamBlock block) => Log.Add($"removed {block.IdString}");

        public void BlockResizing(RamBlock block, ulong oldLengthBytes, ulong newLengthBytes)
            => Log.Add($"resizing {block.IdString} {oldLengthBytes:x}->{newLengthBytes:x} while {block.UsedLengthBytes:x}");
    }
}
