using System.Globalization;

namespace Godwit.Memory.Tests;

public sealed class AddressSpaceAccessTests : IDisposable
{
    private readonly MemorySystem _system = new();
    private readonly MemoryRegion _root;
    private readonly AddressSpace _space;

    public AddressSpaceAccessTests()
    {
        using var held = _system.BigLock.Enter();
        _root = MemoryRegion.CreateContainer(_system, "system", FlatView.AddressSpaceSize);
        _space = _system.CreateAddressSpace("memory", _root);
    }

    public void Dispose() => _system.Dispose();

    [Fact]
    public void ReadWrite_AcrossTwoBlocks_BytesLandInBoth()
    {
        var low = AddRam("low", 0x1000, 0x1000);
        var high = AddRam("high", 0x1000, 0x2000);
        byte[] bytes = [1, 2, 3, 4, 5, 6];
        Assert.Equal(MemoryTransactionResult.Ok, _space.Write(new GuestAddress(0x1FFD), bytes));
        Assert.Equal(3, low.GetSpan(new RamOffset(0xFFF), 1)[0]);
        Assert.Equal(4, high.GetSpan(new RamOffset(0), 1)[0]);
        var read = new byte[6];
        Assert.Equal(MemoryTransactionResult.Ok, _space.Read(new GuestAddress(0x1FFD), read));
        Assert.Equal(bytes, read);
        Assert.Equal(MemoryTransactionResult.Ok, _space.Read(new GuestAddress(0x1FFE), 4, out var value));
        Assert.Equal(0x05040302UL, value);
        Assert.Equal(MemoryTransactionResult.Ok, _space.Write(new GuestAddress(0x1FFC), 8, 0x1122334455667788));
        Assert.Equal(MemoryTransactionResult.Ok, _space.Read(new GuestAddress(0x1FFC), 8, out value));
        Assert.Equal(0x1122334455667788UL, value);
    }

    [Fact]
    public void Read_HoleInTheMiddle_ZeroThereAndADecodeErrorButTheRestIsRead()
    {
        AddRam("low", 0x1000, 0).GetSpan(new RamOffset(0), 0x1000).Fill(0xAA);
        AddRam("high", 0x1000, 0x2000).GetSpan(new RamOffset(0), 0x1000).Fill(0xBB);
        var read = new byte[0x1002];
        read.AsSpan().Fill(0xFF);
        Assert.Equal(MemoryTransactionResult.DecodeError, _space.Read(new GuestAddress(0xFFF), read));
        Assert.Equal(0xAA, read[0]);
        Assert.True(ZeroPage.IsZero(read.AsSpan(1, 0x1000)));
        Assert.Equal(0xBB, read[0x1001]);
        Assert.Equal(MemoryTransactionResult.DecodeError, _space.Write(new GuestAddress(0x1800), [1]));
        Assert.Equal(MemoryTransactionResult.DecodeError, _space.Read(new GuestAddress(0x1800), 4, out var value));
        Assert.Equal(0UL, value);
    }

    [Fact]
    public void ReadWrite_RunsOverTheLastAddress_DecodeErrorWithoutWrap()
    {
        var ram = AddRam("top", 0x1000, ulong.MaxValue - 0xFFF);
        AddRam("bottom", 0x1000, 0).GetSpan(new RamOffset(0), 1)[0] = 0x77;
        ram.GetSpan(new RamOffset(0xFFF), 1)[0] = 0x33;
        var read = new byte[2];
        Assert.Equal(MemoryTransactionResult.DecodeError, _space.Read(new GuestAddress(ulong.MaxValue), read));
        Assert.Equal(new byte[] { 0x33, 0 }, read);
        Assert.Equal(MemoryTransactionResult.DecodeError, _space.Write(new GuestAddress(ulong.MaxValue), [0x44, 0x55]));
        Assert.Equal(MemoryTransactionResult.Ok, _space.Read(new GuestAddress(0), 1, out var first));
        Assert.Equal(0x77UL, first);
    }

    [Fact]
    public void Write_Rom_IgnoredButALoaderCanFillIt()
    {
        MemoryRegion rom;
        using (_system.BigLock.Enter())
        {
            rom = MemoryRegion.CreateRom(_system, "rom", 0x1000);
            _root.AddSubregion(rom, 0x1000);
        }
        Assert.Equal(MemoryTransactionResult.Ok, _space.Write(new GuestAddress(0x1000), [9]));
        Assert.Equal(MemoryTransactionResult.Ok, _space.Write(new GuestAddress(0x1000), 4, 9));
        Assert.Equal(0, rom.RamBlock!.GetSpan(new RamOffset(0), 1)[0]);
        Assert.Equal(MemoryTransactionResult.Ok, _space.WriteRom(new GuestAddress(0x1000), [9]));
        Assert.Equal(MemoryTransactionResult.Ok, _space.Read(new GuestAddress(0x1000), 1, out var value));
        Assert.Equal(9UL, value);
    }

    [Fact]
    public void ReadWrite_RomDevice_ReadsFollowTheModeWritesAlwaysGoToTheDevice()
    {
        var device = new LoggingDevice { NextValue = 0x5A };
        MemoryRegion flash;
        using (_system.BigLock.Enter())
        {
            flash = MemoryRegion.CreateRomDevice(_system, "flash", 0x1000, device);
            _root.AddSubregion(flash, 0);
        }
        flash.RamBlock!.GetSpan(new RamOffset(0x10), 1)[0] = 0x11;
        _space.Read(new GuestAddress(0x10), 1, out var value);
        Assert.Equal(0x11UL, value);
        _space.Write(new GuestAddress(0x10), 1, 0x98);
        using (_system.BigLock.Enter())
            flash.SetRomd(false);
        _space.Read(new GuestAddress(0x10), 1, out value);
        Assert.Equal(0x5AUL, value);
        Assert.Equal("w10/1=98 r10/1", device.Text());
    }

    [Fact]
    public void Write_LoggedRam_DataThenDirtyBitsOfTheAskingClients()
    {
        var ram = AddRam("ram", 0x10000, 0x8000);
        _system.Dirty.TestAndClear(ram.Offset, 0x10000, DirtyClient.Migration);
        _system.Dirty.TestAndClear(ram.Offset, 0x10000, DirtyClient.Vga);
        _space.Write(new GuestAddress(0x8FFF), [1, 2]);
        Assert.False(_system.Dirty.IsDirty(DirtyClient.Migration, new PageIndex(0)));
        using (_system.BigLock.Enter())
            _system.StartGlobalLogging(GlobalDirtyTracking.Migration);
        _space.Write(new GuestAddress(0x8FFF), [1, 2]);
        Assert.True(_system.Dirty.IsDirty(DirtyClient.Migration, new PageIndex(0)));
        Assert.True(_system.Dirty.IsDirty(DirtyClient.Migration, new PageIndex(1)));
        Assert.False(_system.Dirty.IsDirty(DirtyClient.Migration, new PageIndex(2)));
        Assert.False(_system.Dirty.IsDirty(DirtyClient.Vga, new PageIndex(0)));
    }

    [Fact]
    public void Write_CodeTracked_DerivedCodeIsDroppedAndItsBitsAreLeftAlone()
    {
        var ram = AddRam("ram", 0x10000, 0);
        var engine = new Engine();
        using (_system.BigLock.Enter())
            _system.CodeInvalidator = engine;
        _system.Dirty.TestAndClear(ram.Offset, 0x10000, DirtyClient.Code);
        _space.Write(new GuestAddress(0x1234), 4, 0);
        Assert.Equal([(0x1234UL, 4UL)], engine.Dropped);
        Assert.False(_system.Dirty.IsDirty(DirtyClient.Code, new PageIndex(1)));
    }

    [Theory]
    [InlineData(3, 1, "DecodeError", "")] // smaller than answered
    [InlineData(0, 8, "DecodeError", "")] // larger than answered
    [InlineData(2, 4, "DecodeError", "")] // unaligned
    [InlineData(4, 4, "Ok", "r4/4")]
    [InlineData(6, 2, "Ok", "r6/4")] // carried out with the smallest size that is implemented
    public void Read_Constraints_AnsweredOrRefused(ulong offset, int sizeBytes, string expected, string calls)
    {
        var device = AddIo(new AccessConstraints { MinimumSizeBytes = 2, MaximumSizeBytes = 4, ImplementedMinimumSizeBytes = 4, ImplementedMaximumSizeBytes = 4 });
        Assert.Equal(expected, _space.Read(new GuestAddress(0x1000 + offset), sizeBytes, out _).ToString());
        Assert.Equal(calls, device.Text());
    }

    [Fact]
    public void ReadWrite_ImplementedSmaller_SplitInLittleEndianOrder()
    {
        var device = AddIo(new AccessConstraints { MaximumSizeBytes = 8, ImplementedMaximumSizeBytes = 2 });
        _space.Write(new GuestAddress(0x1008), 8, 0x8877665544332211);
        Assert.Equal("w8/2=2211 wa/2=4433 wc/2=6655 we/2=8877", device.Text());
        device.NextValue = 0xABCD;
        _space.Read(new GuestAddress(0x1008), 4, out var value);
        Assert.Equal(0xABCDABCDUL, value);
    }

    [Fact]
    public void ReadWrite_BigEndianDevice_BytesInReverse()
    {
        var device = AddIo(new AccessConstraints { MaximumSizeBytes = 8, IsBigEndian = true });
        _space.Write(new GuestAddress(0x1000), 4, 0x11223344);
        device.NextValue = 0x51454D5520434647; // "QEMU CFG", the signature that a firmware configuration device shows in memory order
        _space.Read(new GuestAddress(0x1000), 8, out var value);
        Assert.Equal("w0/4=44332211 r0/8", device.Text());
        Assert.Equal("QEMU CFG"u8.ToArray(), BitConverter.GetBytes(value));
    }

    [Fact]
    public void ReadWrite_BigEndianImplementedSmaller_MostSignificantPartFirst()
    {
        var device = AddIo(new AccessConstraints { MaximumSizeBytes = 4, IsBigEndian = true, ImplementedMaximumSizeBytes = 1 });
        _space.Write(new GuestAddress(0x1000), [0x11, 0x22, 0x33, 0x44]);
        Assert.Equal("w0/1=11 w1/1=22 w2/1=33 w3/1=44", device.Text());
    }

    [Fact]
    public void ReadWrite_TransferOverRegisters_SplitAtAlignmentAndLargestSize()
    {
        var device = AddIo(AccessConstraints.Default);
        _space.Write(new GuestAddress(0x1001), new byte[10]);
        Assert.Equal("w1/1=0 w2/2=0 w4/4=0 w8/2=0 wa/1=0", device.Text());
        device.Calls.Clear();
        _space.Read(new GuestAddress(0x1FFE), new byte[2]);
        Assert.Equal("rffe/2", device.Text());
    }

    [Fact]
    public void ReadWrite_DeviceFails_ErrorIsPassedOn()
    {
        var device = AddIo(AccessConstraints.Default);
        device.Result = MemoryTransactionResult.Error;
        Assert.Equal(MemoryTransactionResult.Error, _space.Read(new GuestAddress(0x1000), 4, out _));
        Assert.Equal(MemoryTransactionResult.Error, _space.Write(new GuestAddress(0x1000), 4, 0));
        Assert.Equal(MemoryTransactionResult.Error, _space.Read(new GuestAddress(0x1FFC), new byte[8]));
    }

    [Fact]
    public void Device_CalledUnderTheBigLock_AlsoWhenTheCallerHasIt()
    {
        var device = AddIo(AccessConstraints.Default);
        device.Lock = _system.BigLock;
        _space.Read(new GuestAddress(0x1000), 4, out _);
        Assert.True(device.HadLock);
        Assert.False(_system.BigLock.IsHeld);
        using (_system.BigLock.Enter())
            _space.Write(new GuestAddress(0x1000), 4, 0);
        Assert.True(device.HadLock);
    }

    [Fact]
    public void Access_SizeNotOfARegister_Refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => { _space.Read(new GuestAddress(0), 3, out _); });
        Assert.Throws<ArgumentOutOfRangeException>(() => { _space.Write(new GuestAddress(0), 16, 0); });
    }

    [Fact]
    public void PageGate_Set_AskedBeforeEveryAccess()
    {
        var ram = AddRam("ram", 0x3000, 0);
        var gate = new Gate();
        ram.PageGate = gate;
        _space.Read(new GuestAddress(0xFFF), new byte[2]);
        _space.Write(new GuestAddress(0x2000), 8, 1);
        _system.WriteRam(ram, new RamOffset(0x10), [1, 2, 3]);
        Assert.Equal([(0xFFFUL, 2UL), (0x2000UL, 8UL), (0x10UL, 3UL)], gate.Asked);
    }

    [Fact]
    public void WriteGate_Set_AskedBeforeEveryChange()
    {
        var ram = AddRam("ram", 0x3000, 0);
        var gate = new Gate();
        ram.WriteGate = gate;
        _space.Read(new GuestAddress(0xFFF), new byte[2]);
        _space.Write(new GuestAddress(0x2000), 8, 1);
        _space.Write(new GuestAddress(0xFFE), new byte[4]);
        _system.WriteRam(ram, new RamOffset(0x10), [1, 2, 3]);
        ram.Discard(new RamOffset(0x1000), 0x1000);
        Assert.Equal([(0x2000UL, 8UL), (0xFFEUL, 4UL), (0x10UL, 3UL), (0x1000UL, 0x1000UL)], gate.Asked);
        Assert.Equal([0, 1, 1, 1], gate.Found);
    }

    [Fact]
    public void ReadWrite_WhileTopologyChanges_NeverSeesFreedMemory()
    {
        var ram = AddRam("ram", 0x1000, 0);
        ram.GetSpan(new RamOffset(0), 0x1000).Fill(0xEE);
        var isDone = false;
        var wrong = 0;
        var reader = new Thread(() =>
        {
            var bytes = new byte[0x100];
            while (!Volatile.Read(ref isDone))
            {
                var result = _space.Read(new GuestAddress(0x100), bytes);
                if (bytes[0xFF] != (result == MemoryTransactionResult.Ok ? 0xEE : 0))
                    wrong++;
            }
        });
        reader.Start();
        for (var i = 0; i < 200; i++)
        {
            using var held = _system.BigLock.Enter();
            var old = ram.Region;
            _root.RemoveSubregion(old);
            _system.RemoveRamBlock(ram);
            var region = MemoryRegion.CreateRam(_system, "ram", 0x1000);
            ram = region.RamBlock!;
            ram.GetSpan(new RamOffset(0), 0x1000).Fill(0xEE);
            _root.AddSubregion(region, 0);
        }
        Volatile.Write(ref isDone, true);
        reader.Join();
        Assert.Equal(0, wrong);
        Assert.Single(_system.Ram.Blocks);
    }

    private RamBlock AddRam(string name, ulong size, ulong address)
    {
        using var held = _system.BigLock.Enter();
        var region = MemoryRegion.CreateRam(_system, name, size);
        _root.AddSubregion(region, address);
        return region.RamBlock!;
    }

    private LoggingDevice AddIo(AccessConstraints constraints)
    {
        using var held = _system.BigLock.Enter();
        var device = new LoggingDevice();
        _root.AddSubregion(MemoryRegion.CreateIo(_system, "dev", 0x1000, device, constraints), 0x1000);
        return device;
    }

    private sealed class LoggingDevice : IMemoryRegionOperations
    {
        public List<string> Calls { get; } = [];

        public ulong NextValue { get; set; }

        public MemoryTransactionResult Result { get; set; }

        public BigLock? Lock { get; set; }

        public bool HadLock { get; private set; }

        public MemoryTransactionResult Read(ulong offset, int sizeBytes, out ulong value)
        {
            HadLock = Lock?.IsHeld ?? false;
            Calls.Add(string.Create(CultureInfo.InvariantCulture, $"r{offset:x}/{sizeBytes}"));
            value = NextValue;
            return Result;
        }

        public MemoryTransactionResult Write(ulong offset, int sizeBytes, ulong value)
        {
            HadLock = Lock?.IsHeld ?? false;
            Calls.Add(string.Create(CultureInfo.InvariantCulture, $"w{offset:x}/{sizeBytes}={value:x}"));
            return Result;
        }

        public string Text() => string.Join(' ', Calls);
    }

    private sealed class Engine : ICodeInvalidator
    {
        public List<(ulong Start, ulong Length)> Dropped { get; } = [];

        public void InvalidateCode(RamAddress start, ulong lengthBytes) => Dropped.Add((start.Value, lengthBytes));
    }

    private sealed class Gate : IPageGate, IWriteGate
    {
        public List<(ulong Offset, ulong Length)> Asked { get; } = [];

        /// <summary>What was at 0x2000 each time somebody asked to write.</summary>
        public List<byte> Found { get; } = [];

        public void BeforeWrite(RamBlock block, RamOffset offset, ulong lengthBytes)
        {
            Asked.Add((offset.Value, lengthBytes));
            Found.Add(block.GetSpan(new RamOffset(0x2000), 1)[0]);
        }

        public void EnsurePresent(RamBlock block, RamOffset offset, ulong lengthBytes) => Asked.Add((offset.Value, lengthBytes));
    }
}
