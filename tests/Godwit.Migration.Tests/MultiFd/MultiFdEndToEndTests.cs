using Godwit.Memory;
using Godwit.Migration.Tests.Ram;
using Godwit.Testing;
using Godwit.VmState;
using Godwit.Wire;

namespace Godwit.Migration.Tests.MultiFd;

/// <summary>Both halves, with a guest that changes its memory between rounds; small pipes, so that everybody has to wait.</summary>
public sealed class MultiFdEndToEndTests
{
    public static TheoryData<int, string, string, bool> Ways => new()
    {
        { 1, "none", "multifd", false },
        { 4, "none", "none", false },
        { 3, "zlib", "legacy", false },
        { 2, "zstd", "multifd", true },
        { 2, "none", "legacy", true },
    };

    [Theory]
    [MemberData(nameof(Ways))]
    public void Migrate_SeveralRounds_MemoryIsEqual(int channels, string compression, string zeroPages, bool eachSection)
    {
        using var source = new Machine();
        using var destination = new RamTestMachine();
        foreach (RamTestMachine machine in new[] { source.Inner, destination })
        {
            machine.Capabilities = machine.Capabilities.With(MigrationCapability.MultiFd);
            machine.Parameters = machine.Parameters
                .With("multifd-compression", MigrationParameterValue.FromText(compression))
                .With("zero-page-detection", MigrationParameterValue.FromText(zeroPages));
        }

        RamBlock[] from = [source.Inner.AddBlock("ram", 700), source.Inner.AddBlock("odd", 101)];
        RamBlock[] to = [destination.AddBlock("ram", 700), destination.AddBlock("odd", 101)];
        foreach (RamBlock block in to)
            block.GetSpan(default, (int)block.UsedLengthBytes).Fill(0xdd);
        var random = new Random(channels);
        foreach (RamBlock block in from)
            Scribble(random, block, pages: 200);

        (MemoryChannel sourceMain, MemoryChannel destinationMain) = MemoryChannel.CreatePair(4096);
        var pairs = Enumerable.Range(0, channels).Select(_ => MemoryChannel.CreatePair(5000)).ToArray();
        QueueChannel[] recorded = [.. pairs.Select(pair => new QueueChannel(pair.Source))];
        source.Channels = recorded;
        source.EachSection = eachSection;
        var context = new MultiFdContext(destinationMain, [.. pairs.Select(pair => pair.Destination)]) { MultiFdSyncsEachSection = eachSection };
        using var receiver = new RamSaveVm(destination.Memory, destination, context);
        Exception? loadError = null;
        var loader = new Thread(() => loadError = Record.Exception(() => Load(receiver, destinationMain)));
        loader.Start();

        using var sender = new RamSaveVm(source.Inner.Memory, source);
        var writer = new MigrationWriter(sourceMain);
        Send(source, sender, writer, from, random);
        loader.Join();

        Assert.Null(loadError);
        for (int i = 0; i < from.Length; i++)
            Assert.True(from[i].GetSpan(default, (int)from[i].UsedLengthBytes).SequenceEqual(to[i].GetSpan(default, (int)to[i].UsedLengthBytes)), from[i].IdString);
        Assert.Equal(5L * 801, source.Inner.Statistics.NormalPages + source.Inner.Statistics.ZeroPages);
        Assert.Equal(zeroPages == "none", source.Inner.Statistics.ZeroPages == 0);
        Assert.Equal(pairs.Sum(pair => pair.Source.BytesWritten), source.Inner.Statistics.MultifdBytes);

        // One channel alone has nothing else to send while it looks for pages: it keeps its long queue.
        Assert.All(recorded, channel => Assert.Equal(channels == 1 ? null : 64 << 10, channel.UnsentLimit));
    }

    [Fact]
    public void Send_ChannelCut_EndsWithItsReason()
    {
        using var source = new Machine();
        source.Inner.Capabilities = source.Inner.Capabilities.With(MigrationCapability.MultiFd);
        RamBlock ram = source.Inner.AddBlock("ram", 2000);
        Scribble(new Random(1), ram, pages: 1500);
        var pairs = Enumerable.Range(0, 3).Select(_ => MemoryChannel.CreatePair(5000)).ToArray();
        source.Channels = [.. pairs.Select(pair => pair.Source)];
        (MemoryChannel main, _) = MemoryChannel.CreatePair(1 << 20);
        using var sender = new RamSaveVm(source.Inner.Memory, source);
        var cutter = new Thread(() =>
        {
            Span<byte> some = stackalloc byte[100];
            pairs[1].Destination.Read(some);
            pairs[1].Destination.Shutdown();
        });
        cutter.Start();

        Exception? error = Record.Exception(() =>
        {
            sender.SaveSetup(new MigrationWriter(main));
            sender.SaveLiveIterate(new MigrationWriter(main));
        });
        cutter.Join();

        Assert.Contains("Broken pipe", Assert.IsType<MigrationFailedException>(error).Message, StringComparison.Ordinal);
        Assert.Contains("Broken pipe", Assert.Single(source.Inner.Changes), StringComparison.Ordinal);
        foreach ((MemoryChannel end, _) in pairs)
            end.Shutdown();
    }

    private static void Send(Machine source, RamSaveVm sender, MigrationWriter writer, RamBlock[] blocks, Random random)
    {
        writer.WriteByte((byte)SectionType.Start);
        using (source.Inner.Memory.BigLock.Enter())
            sender.SaveSetup(writer);
        for (int round = 0; round < 4; round++)
        {
            bool isDone;
            do
            {
                writer.WriteByte((byte)SectionType.Part);
                isDone = sender.SaveLiveIterate(writer);
            }
            while (!isDone);
            foreach (RamBlock block in blocks)
            {
                Scribble(random, block, pages: 40);
                source.Inner.Memory.Dirty.SetRange(block.Offset, block.UsedLengthBytes, DirtyClientMask.Migration);
            }

            sender.QueryPending(exact: true, final: false);
        }

        writer.WriteByte((byte)SectionType.End);
        sender.SaveComplete(writer);
        writer.WriteByte(0);
        writer.Flush();
    }

    private static void Load(RamSaveVm receiver, MemoryChannel channel)
    {
        var reader = new MigrationReader(channel);
        receiver.LoadSetup();
        SectionType type;
        while ((type = (SectionType)reader.ReadByte()) != SectionType.Eof)
            receiver.LoadState(reader, 4, type);
        receiver.LoadCleanup();
    }

    private static void Scribble(Random random, RamBlock block, int pages)
    {
        for (int i = 0; i < pages; i++)
        {
            Span<byte> page = block.GetSpan(new RamOffset((ulong)random.Next((int)block.PageCount) * 4096), 4096);
            if (random.Next(4) == 0)
                page.Clear();
            else
                random.NextBytes(page[..random.Next(1, 4096)]);
        }
    }

    /// <summary>Remembers how many bytes may wait in it.</summary>
    private sealed class QueueChannel(Channel inner) : ForwardingChannel("queue", inner)
    {
        public int? UnsentLimit { get; private set; }

        public override void LimitUnsent(int bytes) => UnsentLimit = bytes;
    }

    /// <summary>The source's side of things, with data channels.</summary>
    private sealed class Machine : IRamMigrationContext, IDisposable
    {
        public RamTestMachine Inner { get; } = new();

        public Channel[] Channels { get; set; } = [];

        public bool EachSection { get; set; }

        public MigrationCapabilities Capabilities => Inner.Capabilities;

        public MigrationParameters Parameters => Inner.Parameters;

        public MigrationStatistics Statistics => Inner.Statistics;

        public RateLimiter? Limiter => null;

        public IReadOnlyList<Channel> DataChannels => Channels;

        public bool MultiFdSyncsEachSection => EachSection;

        public void DirtySyncDone(long syncCount) => Inner.DirtySyncDone(syncCount);

        public void RamChanged(string reason) => Inner.RamChanged(reason);

        public void Dispose() => Inner.Dispose();
    }
}
