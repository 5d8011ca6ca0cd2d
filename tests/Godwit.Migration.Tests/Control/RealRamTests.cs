using System.Buffers.Binary;
using Godwit.Migration.Tests.Ram;
using Godwit.Testing;

namespace Godwit.Migration.Tests.Control;

/// <summary>Control and RAM together: a guest that writes all the time is moved, also after attempts that broke.</summary>
public class RealRamTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Start_GuestWrites_MemoryIsTheSameThere(bool returnPath)
    {
        using var source = new Machine(RunState.Running, returnPath);
        using var destination = new Machine(RunState.InMigrate);
        using var writer = new Scribbler(source.Host);

        Migrate(source, destination, long.MaxValue);

        Assert.Equal(MigrationStatus.Completed, source.Outgoing.Status);
        Assert.True(destination.Host.IsRunning);
        AssertSameMemory(source.Host, destination.Host);
        Assert.StartsWith("M:setup P:1 M:active", source.Host.Events, StringComparison.Ordinal);
        Assert.EndsWith($"STOP M:device P:{source.Outgoing.Statistics.DirtySyncCount} M:completed", source.Host.Events, StringComparison.Ordinal);
    }

    [Fact]
    public void Start_AfterBrokenAttempts_NothingIsLost()
    {
        using var source = new Machine(RunState.Running);
        using (var writer = new Scribbler(source.Host))
        {
            foreach (var cut in new long[] { 5, 60, 200, 5000, 50_000 })
            {
                using var lost = new Machine(RunState.InMigrate);
                Migrate(source, lost, cut);

                Assert.Equal(MigrationStatus.Failed, source.Outgoing.Status);
                Assert.Equal(MigrationStatus.Failed, lost.Incoming.Status);
                Eventually.Holds(() => source.Host.IsRunning, "the guest runs on");
                Assert.False(source.Host.Memory.Dirty.GlobalTrackingEnabled);
                writer.Resume();
            }

            using var destination = new Machine(RunState.InMigrate);
            Migrate(source, destination, long.MaxValue);

            Assert.Equal(MigrationStatus.Completed, source.Outgoing.Status);
            AssertSameMemory(source.Host, destination.Host);
        }
    }

    private static void Migrate(Machine source, Machine destination, long cut)
    {
        var (near, far) = MemoryChannel.CreatePair();
        destination.Incoming.Listen(_ => far);
        source.Outgoing.Start("memory", _ => new FlakyChannel(near, cutAfterBytesWritten: cut));
        Assert.True(source.Outgoing.WaitForEnd(MigrationPair.Deadline));
        Assert.True(destination.Incoming.WaitForEnd(MigrationPair.Deadline));
    }

    private static void AssertSameMemory(FakeHost source, FakeHost destination)
    {
        var length = (int)source.Block.UsedLengthBytes;
        Assert.True(source.Block.GetSpan(default, length).SequenceEqual(destination.Block.GetSpan(default, length)));
    }

    private sealed class Machine : IDisposable
    {
        private readonly RamSaveVm _ram;

        public Machine(RunState state, bool returnPath = true)
        {
            Host = new FakeHost(state, withFakeRam: false);
            var settings = new MigrationSettings();
            settings.SetCapabilities([KeyValuePair.Create("return-path", returnPath)]);
            Outgoing = new OutgoingMigration(Host, settings, Host);
            Incoming = new IncomingMigration(Host, settings, Host);
            _ram = new RamSaveVm(Host.Memory, Outgoing);
            Host.Registry.RegisterHandlers(RamSaveVm.IdString, 4, _ram);
        }

        public FakeHost Host { get; }

        public OutgoingMigration Outgoing { get; }

        public IncomingMigration Incoming { get; }

        public void Dispose()
        {
            Outgoing.Dispose();
            Incoming.Dispose();
            _ram.Dispose();
            Host.Dispose();
        }
    }

    /// <summary>A guest that counts in random pages until it is stopped.</summary>
    private sealed class Scribbler : IDisposable
    {
        private readonly FakeHost _host;
        private readonly ModelDirtyLog _log = new();
        private Thread? _thread;
        private volatile bool _stop;

        public Scribbler(FakeHost host)
        {
            _host = host;
            _log.Watch(host.Block);
            using (host.BigLock.Enter())
                host.Space.RegisterListener(_log);
            host.Stopping = Stop;
            Resume();
        }

        public void Resume()
        {
            if (_thread is not null)
                return;
            _stop = false;
            _thread = new Thread(Run) { IsBackground = true };
            _thread.Start();
        }

        public void Dispose() => Stop();

        private void Stop()
        {
            _stop = true;
            _thread?.Join();
            _thread = null;
        }

        private void Run()
        {
            var random = new Random(1);
            Span<byte> bytes = stackalloc byte[sizeof(ulong)];
            for (ulong count = 1; !_stop; count++)
            {
                BinaryPrimitives.WriteUInt64LittleEndian(bytes, count);
                _log.Store(_host.Block, (ulong)random.Next(64), 8 * random.Next(512), bytes);
                if (count % 64 == 0)
                    Thread.Yield();
            }
        }
    }
}
