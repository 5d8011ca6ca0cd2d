using Godwit.Memory;
using Godwit.Migration.Tests.Ram;
using Godwit.Testing;
using Godwit.VmState;
using Godwit.Wire;

namespace Godwit.Migration.Tests.MultiFd;

/// <summary>Two data channels whose peer says what a test wants.</summary>
public sealed class MultiFdReceiverTests : IDisposable
{
    private readonly RamTestMachine _machine = new();
    private readonly RamBlock _ram;
    private readonly (MemoryChannel Source, MemoryChannel Destination) _main = MemoryChannel.CreatePair();
    private readonly (MemoryChannel Source, MemoryChannel Destination)[] _data =
        [MemoryChannel.CreatePair(1 << 20), MemoryChannel.CreatePair(1 << 20)];

    public MultiFdReceiverTests()
    {
        _ram = _machine.AddBlock("ram", 300);
        _ram.GetSpan(default, 300 * 4096).Fill(0xdd);
    }

    public void Dispose() => _machine.Dispose();

    [Fact]
    public void Read_PagesOnBothChannels_AreInPlaceAtTheMark()
    {
        Send(0, PacketBytes.Pages("ram", [0, 4096, 0x5000], [0x2000], 0xaa), PacketBytes.Sync());
        Send(1, PacketBytes.Pages("ram", [0x12b000], [], 0xbb, flags: 1)); // SYNC with pages, the last page of the block

        using IncomingRam incoming = Load(SectionType.Part, mark: true);

        AssertPage(0, 0xaa);
        AssertPage(1, 0xaa);
        AssertPage(2, 0);
        AssertPage(5, 0xaa);
        AssertPage(299, 0xbb);
        AssertPage(3, 0xdd);
        Assert.Equal(5ul, incoming.Placement.ReceivedOf(_ram).CountReceived());
    }

    [Theory]
    [InlineData("room", 0x12c000ul, "not in block")]
    [InlineData("ram", 0x12c000ul, "not in block")]
    [InlineData("ram", 0x800ul, "not in block")]
    [InlineData("ram", ulong.MaxValue, "not in block")]
    public void Read_PageOutsideTheBlock_Refuses(string block, ulong offset, string reason)
    {
        Send(0, PacketBytes.Pages(block, [], [offset], 0));
        MigrationException error = LoadError(out _);
        Assert.Contains(block == "ram" ? reason : "does not have", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(100)]
    [InlineData(1344 + 4095)]
    public void Read_ChannelEndsInsideAPacket_Refuses(int bytes)
    {
        _data[0].Source.Write(PacketBytes.Pages("ram", [0], [], 1).AsSpan(0, bytes));
        _data[0].Source.FinishWriting();
        MigrationException error = LoadError(out _);
        Assert.Contains("inside a packet", error.Message, StringComparison.Ordinal);
    }

    public static TheoryData<uint, int, int, string> Payloads => new()
    {
        { 2, 2, 1, "fewer pages" },
        { 2, 1, 2, "more pages" },
        { 4, 2, 1, "fewer pages" },
        { 4, 1, 2, "more pages" },
    };

    [Theory]
    [MemberData(nameof(Payloads))]
    public void Read_PayloadOfOtherLength_Refuses(uint method, int announced, int sent, string reason)
    {
        UseMethod(method);
        ulong[] offsets = [.. Enumerable.Range(0, announced).Select(i => (ulong)i * 4096)];
        Send(0, PacketBytes.Compressed("ram", offsets, Compress(method, sent), method));
        Assert.Contains(reason, LoadError(out _).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    public void Read_PayloadThatIsNoise_Refuses(uint method)
    {
        UseMethod(method);
        byte[] noise = new byte[500];
        new Random(1).NextBytes(noise);
        Send(0, PacketBytes.Compressed("ram", [0], noise, method));
        Assert.Contains("cannot be decompressed", LoadError(out _).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_ChannelThatStalls_IsGivenUpAfterTheTimeout()
    {
        Send(0, PacketBytes.Sync());
        MigrationException error = LoadError(out _, TimeSpan.FromMilliseconds(10));
        Assert.Contains("synchronis", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_SourceSyncsEachSection_IsToldApart()
    {
        Send(0, PacketBytes.Sync());
        Send(1, PacketBytes.Sync());
        var context = new MultiFdContext(_main.Destination, _data[0].Destination, _data[1].Destination);
        using var incoming = new IncomingRam(_machine.Memory, Options(), context);
        incoming.StartDataChannels(_main.Destination);
        Assert.True(SpinWait.SpinUntil(() => _data.All(pair => pair.Destination.BytesRead == 1344), TimeSpan.FromSeconds(20)));
        _main.Source.Write(new RamStreamBytes().EndOfSection().ToArray());
        var error = Record.Exception(() => SpinWait.SpinUntil(
            () =>
            {
                incoming.Read(new MigrationReader(_main.Destination), 4, SectionType.End);
                _main.Source.Write(new RamStreamBytes().EndOfSection().ToArray());
                return false;
            },
            TimeSpan.FromSeconds(20)));
        Assert.Contains("multifd-flush-after-each-section", Assert.IsType<StreamFormatException>(error).Message, StringComparison.Ordinal);
    }

    private static byte[] Compress(uint method, int pages)
    {
        byte[] page = new byte[4096];
        new Random(2).NextBytes(page);
        using IPageCompressor compressor = method == 2 ? new ZlibPageCompressor(1) : new ZstdPageCompressor(1);
        byte[] payload = new byte[640 * 1024];
        compressor.Begin(payload);
        for (int i = 0; i < pages; i++)
            compressor.Add(page);
        return payload[..compressor.End()];
    }

    private void UseMethod(uint method)
    {
        _machine.Parameters = _machine.Parameters.With("multifd-compression", MigrationParameterValue.FromText(method == 2 ? "zlib" : "zstd"));
    }

    private RamOptions Options() =>
        RamOptions.From(_machine.Capabilities.With(MigrationCapability.MultiFd), _machine.Parameters);

    private void Send(int channel, params byte[][] packets)
    {
        foreach (byte[] packet in packets)
            _data[channel].Source.Write(packet);
    }

    private IncomingRam Load(SectionType type, bool mark, TimeSpan? timeout = null)
    {
        var context = new MultiFdContext(_main.Destination, _data[0].Destination, _data[1].Destination)
        {
            ChannelTimeout = timeout ?? TimeSpan.FromSeconds(30),
        };
        var incoming = new IncomingRam(_machine.Memory, Options(), context);
        try
        {
            var stream = new RamStreamBytes();
            if (mark)
                stream.U64(0x200);
            _main.Source.Write(stream.EndOfSection().ToArray());
            incoming.Read(new MigrationReader(_main.Destination), 4, type);
            return incoming;
        }
        catch
        {
            incoming.Dispose();
            throw;
        }
    }

    private MigrationException LoadError(out Exception? inner, TimeSpan? timeout = null)
    {
        var error = Assert.ThrowsAny<MigrationException>(() => Load(SectionType.Part, mark: true, timeout));
        inner = error.InnerException;
        return error;
    }

    private void AssertPage(int page, byte fill) =>
        Assert.True(_ram.GetSpan(new RamOffset((ulong)page * 4096), 4096).IndexOfAnyExcept(fill) < 0, $"page {page} is not all {fill:x}");
}
