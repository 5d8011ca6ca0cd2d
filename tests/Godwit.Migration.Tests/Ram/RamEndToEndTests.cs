using Godwit.Memory;
using Godwit.Testing;
using Godwit.VmState;
using Godwit.Wire;

namespace Godwit.Migration.Tests.Ram;

/// <summary>Guests that go on writing while they are sent; at the end both memories are equal (property M4).</summary>
public sealed class RamEndToEndTests
{
    private const int Rounds = 6;

    private static readonly (string Name, ulong Pages)[] _layout = [("ram", 512), ("odd", 101), ("rom", 15), ("one", 1)];

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, false)]
    [InlineData(3, true)]
    [InlineData(4, true)]
    public void Migrate_WritersThatNeverStop_MemoryIsEqualInTheEnd(int seed, bool xbzrle)
    {
        using var source = new RamTestMachine();
        using var destination = new RamTestMachine();
        if (xbzrle)
        {
            source.Capabilities = source.Capabilities.With(MigrationCapability.Xbzrle);
            source.Parameters = source.Parameters.With("xbzrle-cache-size", MigrationParameterValue.FromInteger(256L * 4096));
        }

        RamBlock[] blocks = [.. _layout.Select(entry => source.AddBlock(entry.Name, entry.Pages))];
        foreach ((string name, ulong pages) in _layout)
        {
            RamBlock block = destination.AddBlock(name, pages);
            block.GetSpan(default, (int)block.UsedLengthBytes).Fill(0xdd); // nothing of it may survive
        }

        var log = new ModelDirtyLog();
        foreach (RamBlock block in blocks)
            log.Watch(block);
        using (source.Memory.BigLock.Enter())
            source.Space.RegisterListener(log);
        (MemoryChannel sourceEnd, MemoryChannel destinationEnd) = MemoryChannel.CreatePair();
        var sender = new RamSaveVm(source.Memory, source);
        var receiver = new RamSaveVm(destination.Memory, destination);
        using var stop = new CancellationTokenSource();
        Thread[] writers = [.. Enumerable.Range(0, 2).Select(i => new Thread(() => Scribble(log, source, blocks, (seed * 10) + i, stop.Token)))];
        Exception? loadError = null;
        var loader = new Thread(() => loadError = Record.Exception(() => Load(receiver, destinationEnd)));
        foreach (Thread writer in writers)
            writer.Start();
        loader.Start();

        PendingBytes pending = Send(source, sender, new MigrationWriter(sourceEnd), log, stopGuest: () =>
        {
            stop.Cancel();
            foreach (Thread writer in writers)
                writer.Join();
        });
        loader.Join();

        Assert.Null(loadError);
        Assert.Equal(source.Statistics.DirtyBytesAtLastSync, pending.MustPrecopy);
        Assert.Equal(0, sender.QueryPending(exact: false, final: false).TotalBytes);
        AssertEqual(blocks, destination);
        Assert.Equal(xbzrle, source.Statistics.XbzrlePages > 0);
        Assert.Equal(xbzrle, sender.XbzrleStatistics.CacheMisses > 0);
        Assert.True(log.Clears.Count > 0);
        sender.Dispose();
        receiver.Dispose();
    }

    private static PendingBytes Send(RamTestMachine source, RamSaveVm sender, MigrationWriter writer, ModelDirtyLog log, Action stopGuest)
    {
        writer.WriteByte((byte)SectionType.Start);
        using (source.Memory.BigLock.Enter())
            sender.SaveSetup(writer);
        for (int round = 0; round < Rounds; round++)
        {
            bool isDone;
            do
            {
                writer.WriteByte((byte)SectionType.Part);
                isDone = sender.SaveLiveIterate(writer);
            }
            while (!isDone);
            long before = log.Stores;
            Assert.True(SpinWait.SpinUntil(() => log.Stores >= before + 300, TimeSpan.FromSeconds(30)), "the guest writes nothing");
            sender.QueryPending(exact: true, final: false);
        }

        stopGuest();
        PendingBytes pending = sender.QueryPending(exact: true, final: true);
        writer.WriteByte((byte)SectionType.End);
        sender.SaveComplete(writer);
        return pending;
    }

    private static void AssertEqual(RamBlock[] blocks, RamTestMachine destination)
    {
        foreach (RamBlock block in blocks)
        {
            RamBlock copy = destination.Memory.Ram.Find(block.IdString)!;
            long length = (long)block.UsedLengthBytes;
            Assert.True(block.GetHostRange(default, length).ContentEquals(copy.GetHostRange(default, length)), $"block {block.IdString} differs");
        }
    }

    private static void Scribble(ModelDirtyLog log, RamTestMachine machine, RamBlock[] blocks, int seed, CancellationToken stop)
    {
        var random = new Random(seed);
        byte[] bytes = new byte[64];
        byte[] zeros = new byte[4096];
        while (!stop.IsCancellationRequested)
        {
            RamBlock block = blocks[random.Next(blocks.Length)];
            ulong page = (ulong)random.Next((int)block.PageCount);
            random.NextBytes(bytes);
            int offset = random.Next(4096 - bytes.Length);
            switch (random.Next(8))
            {
                case 0:
                    log.Store(block, page, 0, zeros);
                    break;
                case 1: // a device
                    machine.Memory.WriteRam(block, new RamOffset((page * 4096) + (ulong)offset), bytes);
                    break;
                default:
                    log.Store(block, page, offset, bytes);
                    break;
            }

            Thread.SpinWait(200);
        }
    }

    /// <summary>The container in one byte per section: what comes next.</summary>
    private static void Load(RamSaveVm receiver, MemoryChannel channel)
    {
        var reader = new MigrationReader(channel);
        receiver.LoadSetup();
        SectionType type;
        do
        {
            type = (SectionType)reader.ReadByte();
            receiver.LoadState(reader, RamRecord.SectionVersion, type);
        }
        while (type != SectionType.End);
        receiver.LoadCleanup();
    }
}
