using System.Buffers;
using Godwit.Memory;
using Godwit.Wire;

namespace Godwit.Migration.Tests.Ram;

/// <summary>A guest that names pages it does not use.</summary>
public sealed class FreePageHintTests : IDisposable
{
    private const ulong Page = 4096;

    private readonly RamTestMachine _machine = new();
    private readonly FakeHints _hints = new();

    public FreePageHintTests() => _machine.FreePageHints = _hints;

    public void Dispose() => _machine.Dispose();

    [Fact]
    public void WriteIteration_HintedPages_AreNotSent()
    {
        RamBlock ram = _machine.AddBlock("ram", 8);
        RamBlock other = _machine.AddBlock("other", 2, new RamBlockOptions { IsMigratable = false });
        (ArrayBufferWriter<byte> bytes, OutgoingRam outgoing) = Start();
        _hints.Forget!(ram, new RamOffset((2 * Page) - 1), (3 * Page) + 1); // pages 2 to 4; the end of page 1 is in use
        _hints.Forget!(ram, new RamOffset(6 * Page), Page - 1);
        _hints.Forget!(ram, new RamOffset(7 * Page), ulong.MaxValue / 2); // further than there is memory
        _hints.Forget!(other, new RamOffset(0), 2 * Page);
        Assert.Equal(4, outgoing.Bitmap.DirtyPages);

        outgoing.WriteIteration();

        Assert.Equal(
            new RamStreamBytes().U64(0x002).Name("ram").Bytes(0).U64(0x1022).Bytes(0).U64(0x5022).Bytes(0).U64(0x6022).Bytes(0).EndOfSection().ToArray(),
            bytes.WrittenSpan.ToArray());
        Stop(outgoing);
    }

    [Fact]
    public void Sync_EachOne_StopsHintsAndAsksAnew()
    {
        _machine.AddBlock("ram", 8);
        (_, OutgoingRam outgoing) = Start();
        outgoing.Sync();
        outgoing.SyncFinally();
        Assert.Equal(["begin", "before", "after", "before", "after", "before", "end"], _hints.Calls);
        Stop(outgoing);
        Assert.Equal("end", _hints.Calls[^1]);
    }

    [Fact]
    public void Start_WherePagesMayBeAskedForLater_TakesNoHints()
    {
        _machine.AddBlock("ram", 8);
        foreach (MigrationCapability capability in new[] { MigrationCapability.PostcopyRam, MigrationCapability.BackgroundSnapshot })
        {
            _machine.Capabilities = default(MigrationCapabilities).With(capability);
            (_, OutgoingRam outgoing) = Start();
            Stop(outgoing);
        }

        Assert.Empty(_hints.Calls);
    }

    private (ArrayBufferWriter<byte> Bytes, OutgoingRam Outgoing) Start()
    {
        var bytes = new ArrayBufferWriter<byte>();
        using (_machine.Memory.BigLock.Enter())
            return (bytes, new OutgoingRam(_machine.Memory, _machine, MigrationWriter.ToMemory(bytes), new XbzrleStatistics()));
    }

    private void Stop(OutgoingRam outgoing)
    {
        using (_machine.Memory.BigLock.Enter())
            outgoing.Dispose();
    }

    private sealed class FakeHints : IFreePageHints
    {
        public List<string> Calls { get; } = [];

        public Action<RamBlock, RamOffset, ulong>? Forget { get; private set; }

        public void Begin(Action<RamBlock, RamOffset, ulong> forget)
        {
            Calls.Add("begin");
            Forget = forget;
        }

        public void BeforeSync() => Calls.Add("before");

        public void AfterSync() => Calls.Add("after");

        public void End() => Calls.Add("end");
    }
}
