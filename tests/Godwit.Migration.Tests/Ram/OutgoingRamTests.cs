using System.Buffers;
using Godwit.Memory;
using Godwit.Wire;

namespace Godwit.Migration.Tests.Ram;

public sealed class OutgoingRamTests : IDisposable
{
    private const int Page = 4096;

    private readonly RamTestMachine _machine = new();

    public void Dispose() => _machine.Dispose();

    [Fact]
    public void WriteSetup_RealBlocks_GivesTheBytesOfARealPeer()
    {
        _machine.AddBlock("riscv_virt_board.ram", 0x10000);
        _machine.AddBlock("riscv_virt_board.mrom", 0xf);
        _machine.AddBlock("virt.flash0", 0x2000);
        _machine.AddBlock("virt.flash1", 0x2000);
        _machine.AddBlock("/rom@etc/acpi/tables", 0x20, new RamBlockOptions { MaxLengthBytes = 0x200000 });
        _machine.AddBlock("/rom@etc/table-loader", 1, new RamBlockOptions { MaxLengthBytes = 0x10000 });
        _machine.AddBlock("/rom@etc/acpi/rsdp", 1);
        _machine.AddBlock("private", 0x20000, new RamBlockOptions { IsMigratable = false });
        (ArrayBufferWriter<byte> bytes, OutgoingRam outgoing) = Start();

        outgoing.WriteSetup();

        byte[] expected = new RamStreamBytes()
            .Hex("0000000014031004 14").Bytes("riscv_virt_board.ram"u8.ToArray()).Hex("0000000010000000")
            .Name("virt.flash0").U64(0x2000000)
            .Name("virt.flash1").U64(0x2000000)
            .Name("/rom@etc/acpi/tables").U64(0x20000)
            .Name("/rom@etc/table-loader").U64(0x1000)
            .Name("riscv_virt_board.mrom").U64(0xf000)
            .Name("/rom@etc/acpi/rsdp").U64(0x1000)
            .Hex("0000000000000010").ToArray();
        Assert.Equal(expected, bytes.WrittenSpan.ToArray());
        Stop(outgoing);
    }

    [Fact]
    public void WriteIteration_ZeroAndOtherPages_GivesTheRecordsOfTheFormat()
    {
        RamBlock ram = _machine.AddBlock("microvm.ram", 4);
        RamBlock bios = _machine.AddBlock("pc.bios", 1);
        ram.GetSpan(new RamOffset(0x2000), Page).Fill(0xab);
        ram.GetSpan(new RamOffset(0x3fff), 1).Fill(1); // the very last byte decides
        (ArrayBufferWriter<byte> bytes, OutgoingRam outgoing) = Start();

        bool isDone = outgoing.WriteIteration();

        byte[] expected = new RamStreamBytes()
            .Hex("0000000000000002 0b").Bytes("microvm.ram"u8.ToArray()).Bytes(0)
            .Hex("0000000000001022 00")
            .Hex("0000000000002028").Fill(0xab, Page)
            .Hex("0000000000003028").Fill(0, Page - 1).Bytes(1)
            .Hex("0000000000000002 07").Bytes("pc.bios"u8.ToArray()).Bytes(0)
            .Hex("0000000000000010").ToArray();
        Assert.True(isDone);
        Assert.Equal(expected, bytes.WrittenSpan.ToArray());
        Assert.Equal(3, _machine.Statistics.ZeroPages);
        Assert.Equal(2, _machine.Statistics.NormalPages);
        Assert.Equal(expected.Length, _machine.Statistics.PrecopyBytes);
        Assert.Equal(0, _machine.Statistics.RemainingBytes);
        Assert.Equal(5 * Page, _machine.Statistics.TotalBytes);
        Assert.Equal(1UL, bios.PageCount);
        Stop(outgoing);
    }

    [Fact]
    public void WriteIteration_SecondSection_ContinuesTheBlock()
    {
        RamBlock ram = _machine.AddBlock("ram", 64);
        (ArrayBufferWriter<byte> bytes, OutgoingRam outgoing) = Start();
        outgoing.WriteIteration();
        bytes.Clear();
        _machine.Memory.WriteRam(ram, new RamOffset(0x5000), "\a"u8);
        outgoing.SyncFinally();

        outgoing.WriteCompletion();

        byte[] expected = new RamStreamBytes().U64(0x5028).Bytes(7).Fill(0, Page - 1).EndOfSection().ToArray();
        Assert.Equal(expected, bytes.WrittenSpan.ToArray());
        Assert.Equal([1L, 2L], _machine.Passes);
        Stop(outgoing);
    }

    [Fact]
    public void WriteIteration_BudgetUsedUp_StopsWithinOneRecordOfIt()
    {
        RamBlock ram = _machine.AddBlock("ram", 1024);
        ram.GetSpan(default, 1024 * Page).Fill(1);
        using var limiter = new RateLimiter(10 * 100 * 4104, new FrozenClock());
        _machine.Limiter = limiter;
        var bytes = new ArrayBufferWriter<byte>();
        OutgoingRam outgoing = Start(new MigrationWriter(new BufferChannel(bytes), limiter));

        bool isDone = outgoing.WriteIteration();
        int first = bytes.WrittenCount;
        bool isDoneAgain = outgoing.WriteIteration();

        Assert.False(isDone);
        Assert.False(isDoneAgain);
        Assert.InRange(first, 100 * 4104, 102 * 4104);
        Assert.Equal(8, bytes.WrittenCount - first); // an empty section: the end mark alone
        Stop(outgoing);
    }

    [Fact]
    public void WriteIteration_DetectionSwitchedOff_SendsZeroPagesInFull()
    {
        _machine.AddBlock("ram", 2);
        _machine.Parameters = _machine.Parameters.With("zero-page-detection", MigrationParameterValue.FromText("none"));
        (ArrayBufferWriter<byte> bytes, OutgoingRam outgoing) = Start();

        outgoing.WriteIteration();

        Assert.Equal(new RamStreamBytes().U64(8).Name("ram").Fill(0, Page).U64(0x1028).Fill(0, Page).EndOfSection().ToArray(), bytes.WrittenSpan.ToArray());
        Stop(outgoing);
    }

    [Fact]
    public void WriteIteration_MemoryNeverTouched_IsSentAsZeroAndStaysUntouched()
    {
        RamBlock ram = _machine.AddBlock("ram", 1024, new RamBlockOptions { IsShared = true });
        ram.GetSpan(new RamOffset(100 * Page), Page).Fill(1);
        (_, OutgoingRam outgoing) = Start();

        while (!outgoing.WriteIteration())
        {
            // Until all pages are sent.
        }

        Assert.Equal(1, _machine.Statistics.NormalPages);
        Assert.Equal(1023, _machine.Statistics.ZeroPages);
        Assert.Equal(100 * Page, ram.Mapping.FindTouched(0));
        Assert.Equal(1024 * Page, ram.Mapping.FindTouched(102 * Page)); // the page behind the data had to be looked at
        Stop(outgoing);
    }

    [Theory]
    [InlineData(1UL << 40)]
    [InlineData(1UL << 63)]
    public void Start_PageCacheLargerThanMemory_TakesNoMoreThanMemory(ulong cacheBytes)
    {
        _machine.AddBlock("ram", 16);
        _machine.Capabilities = default(MigrationCapabilities).With(MigrationCapability.Xbzrle);
        _machine.Parameters = _machine.Parameters.With("xbzrle-cache-size", MigrationParameterValue.FromInteger(cacheBytes));

        (_, OutgoingRam outgoing) = Start(); // with that much asked for, there would be no memory

        Assert.True(outgoing.WriteIteration());
        Assert.Equal(16, _machine.Statistics.ZeroPages);
        Stop(outgoing);
    }

    [Fact]
    public void BlockResizing_MigratedBlock_EndsTheMigrationByName()
    {
        RamBlock tables = _machine.AddBlock("tables", 2, new RamBlockOptions { MaxLengthBytes = 8 * Page });
        (_, OutgoingRam outgoing) = Start();

        using (_machine.Memory.BigLock.Enter())
            _machine.Memory.Ram.Resize(tables, 4 * Page);

        Assert.Equal(["RAM block 'tables' was resized from 0x2000 to 0x4000 bytes during the migration"], _machine.Changes);
        Stop(outgoing);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void WriteIteration_ManyPages_AllocatesNothing(bool xbzrle)
    {
        _machine.Capabilities = _machine.Capabilities.With(MigrationCapability.Xbzrle, xbzrle);
        RamBlock ram = _machine.AddBlock("ram", 4096);
        for (ulong page = 0; page < 4096; page += 3)
            ram.GetSpan(new RamOffset(page * Page), Page).Fill(9);
        using var channel = new NullChannel();
        OutgoingRam outgoing = Start(new MigrationWriter(channel));
        SendAll();
        long allocated = long.MaxValue;
        for (int round = 0; round < 5; round++)
        {
            for (ulong page = 0; page < 4096; page += 3)
                ram.GetSpan(new RamOffset(page * Page), Page)[round]++;
            _machine.Memory.Dirty.SetRange(ram.Offset, ram.UsedLengthBytes, DirtyClientMask.Migration);
            long before = GC.GetAllocatedBytesForCurrentThread();
            outgoing.Bitmap.Sync(lastStage: false);
            SendAll();

            // The runtime itself may allocate once while the code is still warming up; a loop that allocates does so in every round.
            allocated = Math.Min(allocated, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.Equal(0, allocated);
        Assert.Equal(6 * 4096, _machine.Statistics.NormalPages + _machine.Statistics.ZeroPages + _machine.Statistics.XbzrlePages);
        Assert.Equal(xbzrle, _machine.Statistics.XbzrlePages > 0);
        Stop(outgoing);

        void SendAll()
        {
            while (!outgoing.WriteIteration())
            {
                // One iteration ends after some time, however far it came.
            }
        }
    }

    private (ArrayBufferWriter<byte> Bytes, OutgoingRam Outgoing) Start()
    {
        var bytes = new ArrayBufferWriter<byte>();
        return (bytes, Start(MigrationWriter.ToMemory(bytes)));
    }

    private OutgoingRam Start(MigrationWriter writer)
    {
        using (_machine.Memory.BigLock.Enter())
            return new OutgoingRam(_machine.Memory, _machine, writer, new XbzrleStatistics());
    }

    private void Stop(OutgoingRam outgoing)
    {
        using (_machine.Memory.BigLock.Enter())
            outgoing.Dispose();
    }

    private sealed class FrozenClock : TimeProvider
    {
        public override long GetTimestamp() => 0;
    }

    private sealed class BufferChannel(ArrayBufferWriter<byte> bytes) : Channel("buffer")
    {
        protected override int ReadCore(Span<byte> buffer) => 0;

        protected override void WriteCore(ReadOnlySpan<byte> span) => bytes.Write(span);

        protected override void WriteCore(ReadOnlySpan<Native.HostRange> ranges)
        {
            foreach (Native.HostRange range in ranges)
                bytes.Write(range.AsSpan());
        }

        protected override void ShutdownCore()
        {
        }
    }
}
