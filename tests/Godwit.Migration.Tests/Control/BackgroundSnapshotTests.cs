using System.Buffers.Binary;
using Godwit.Memory;
using Godwit.Testing;
using Godwit.Wire;

namespace Godwit.Migration.Tests.Control;

/// <summary>The guest writes on while it is saved; what is saved is the instant at which it stood still.</summary>
public class BackgroundSnapshotTests
{
    private const int Pages = 8192;

    [Theory]
    [InlineData(64)] // the channel takes what it gets
    [InlineData(4)] // writers overtake it and run out of spare pages
    public void Start_GuestWritesAllTheTime_LoadedMemoryIsThatOfTheInstant(int capacityKibibytes)
    {
        using var source = new Machine(RunState.Running);
        using var destination = new Machine(RunState.InMigrate);
        using var guest = new Writers(source.Host);
        var (near, far) = MemoryChannel.CreatePair(capacityKibibytes * 1024);

        destination.Incoming.Listen(_ => far);
        source.Outgoing.Start("memory", _ => near);
        Assert.True(source.Outgoing.WaitForEnd(MigrationPair.Deadline));
        Assert.True(destination.Incoming.WaitForEnd(MigrationPair.Deadline));
        guest.WaitForMoreWrites();
        guest.Stop();

        Assert.Equal(MigrationStatus.Completed, source.Outgoing.Status);
        Assert.Equal("M:setup M:active STOP RESUME M:completed", source.Host.Events);
        Assert.True(source.Host.IsRunning);
        Assert.True(destination.Host.IsRunning);
        Assert.True(guest.Instant.AsSpan().SequenceEqual(destination.Memory), "the memory of the instant arrived");
        Assert.False(guest.Instant.AsSpan().SequenceEqual(source.Memory), "the guest wrote on");
        Assert.Equal(Pages, source.Outgoing.Statistics.NormalPages + source.Outgoing.Statistics.ZeroPages);
        Assert.Equal(0, source.Outgoing.Statistics.DirtySyncCount);
        Assert.False(source.Protection.IsOn);
        Assert.False(source.Host.Memory.Dirty.GlobalTrackingEnabled);
    }

    [Fact]
    public void Start_MappedRam_FileHoldsTheInstant()
    {
        using var directory = new TemporaryDirectory();
        string path = directory.File("state");
        using var source = new Machine(RunState.Running, "mapped-ram");
        using var destination = new Machine(RunState.InMigrate, "mapped-ram");
        using var guest = new Writers(source.Host);

        source.Outgoing.Start(MigrationAddress.ParseUri($"file:{path}"));
        Assert.True(source.Outgoing.WaitForEnd(MigrationPair.Deadline));
        Assert.Null(source.Outgoing.ErrorDescription);
        destination.Incoming.Listen(MigrationAddress.ParseUri($"file:{path}"));
        Assert.True(destination.Incoming.WaitForEnd(MigrationPair.Deadline));

        Assert.Equal(MigrationStatus.Completed, destination.Incoming.Status);
        Assert.True(guest.Instant.AsSpan().SequenceEqual(destination.Memory));
    }

    [Theory]
    [InlineData(40)]
    [InlineData(1_000_000)]
    public void Start_ChannelBreaks_WritersGoOnAndNothingIsProtected(long cut)
    {
        using var source = new Machine(RunState.Running);
        using var guest = new Writers(source.Host);
        // Pages of zeros take no room; by then there are enough others for the cut to come before the end.
        guest.WaitForMoreWrites();
        var (near, far) = MemoryChannel.CreatePair();
        using var destination = new Machine(RunState.InMigrate);
        destination.Incoming.Listen(_ => far);

        source.Outgoing.Start("memory", _ => new FlakyChannel(near, cutAfterBytesWritten: cut));
        Assert.True(source.Outgoing.WaitForEnd(MigrationPair.Deadline));

        Assert.Equal(MigrationStatus.Failed, source.Outgoing.Status);
        Assert.True(source.Host.IsRunning);
        Assert.False(source.Protection.IsOn);
        guest.WaitForMoreWrites();
    }

    [Fact]
    public void Cancel_WritersWaitForSparePages_TheyGoOn()
    {
        using var source = new Machine(RunState.Running);
        using var guest = new Writers(source.Host);
        var (near, far) = MemoryChannel.CreatePair(4096);
        using (far)
        {
            source.Outgoing.Start("memory", _ => near);
            Eventually.Holds(() => source.Host.Events.Contains("RESUME", StringComparison.Ordinal), "the guest goes on");
            guest.WaitUntilStuck();
            source.Outgoing.Cancel();
            Assert.True(source.Outgoing.WaitForEnd(MigrationPair.Deadline));
        }

        Assert.Equal(MigrationStatus.Cancelled, source.Outgoing.Status);
        Assert.True(source.Host.IsRunning);
        Assert.EndsWith("M:cancelling M:cancelled", source.Host.Events, StringComparison.Ordinal);
        guest.WaitForMoreWrites();
    }

    [Fact]
    public void Cancel_StreamIsCompleteAlready_ComesTooLate()
    {
        using var source = new Machine(RunState.Running);
        using var destination = new Machine(RunState.InMigrate);
        var (near, far) = MemoryChannel.CreatePair();

        destination.Incoming.Listen(_ => far);
        source.Outgoing.Start("memory", _ => new FinishingChannel(near, source.Outgoing.Cancel));
        Assert.True(source.Outgoing.WaitForEnd(MigrationPair.Deadline));

        Assert.Equal("M:setup M:active STOP RESUME M:completed", source.Host.Events);
        Assert.Equal(MigrationStatus.Completed, source.Outgoing.Status);
        Assert.True(destination.Incoming.WaitForEnd(MigrationPair.Deadline));
    }

    [Fact]
    public void Start_NothingProtectsMemory_Fails()
    {
        using var source = new Machine(RunState.Running);
        source.Host.WriteProtection = null;
        var (near, far) = MemoryChannel.CreatePair();
        using (far)
        {
            source.Outgoing.Start("memory", _ => near);
            Assert.True(source.Outgoing.WaitForEnd(MigrationPair.Deadline));
        }

        Assert.Equal(MigrationStatus.Failed, source.Outgoing.Status);
        Assert.Equal("Background-snapshot is not supported by host kernel", source.Outgoing.ErrorDescription);
        Assert.True(source.Host.IsRunning);
    }

    [Fact]
    public void SetCapabilities_HostCannotProtect_Refused()
    {
        var settings = new MigrationSettings { Environment = () => new MigrationEnvironment(CanProtectWrites: false) };
        var refused = Assert.Throws<MigrationRefusedException>(
            () => settings.SetCapabilities([KeyValuePair.Create("background-snapshot", true)]));
        Assert.Equal("Background-snapshot is not supported by host kernel", refused.Message);
    }

    // Calls somebody while the end of the stream is on its way.
    private sealed class FinishingChannel(Channel inner, Action finishing) : ForwardingChannel("finishing", inner)
    {
        protected override void FinishWritingCore()
        {
            finishing();
            base.FinishWritingCore();
        }
    }

    private sealed class Machine : IDisposable
    {
        private readonly RamSaveVm _ram;

        public Machine(RunState state, params IEnumerable<string> more)
        {
            Host = new FakeHost(state, withFakeRam: false, pages: Pages) { WriteProtection = Protection };
            var settings = new MigrationSettings();
            IEnumerable<string> names = state == RunState.Running ? more.Append("background-snapshot") : more;
            settings.SetCapabilities(names.Select(static name => KeyValuePair.Create(name, true)));
            Outgoing = new OutgoingMigration(Host, settings, Host);
            Incoming = new IncomingMigration(Host, settings, Host);
            _ram = new RamSaveVm(Host.Memory, Outgoing);
            Host.Registry.RegisterHandlers(RamSaveVm.IdString, 4, _ram);
        }

        public ModelWriteProtection Protection { get; } = new();

        public FakeHost Host { get; }

        public OutgoingMigration Outgoing { get; }

        public IncomingMigration Incoming { get; }

        public Span<byte> Memory => Host.Block.GetSpan(default, Pages * 4096);

        public void Dispose()
        {
            Outgoing.Dispose();
            Incoming.Dispose();
            _ram.Dispose();
            Host.Dispose();
        }
    }

    /// <summary>Two CPUs that count in random places, half of the pages never touched; a copy is made whenever the guest is stopped.</summary>
    private sealed class Writers : IDisposable
    {
        private readonly FakeHost _host;
        private readonly List<Thread> _threads = [];
        private long _writes;
        private volatile bool _stop;

        public Writers(FakeHost host)
        {
            _host = host;
            host.Stopping = () =>
            {
                Stop();
                Instant = host.Block.GetSpan(default, Pages * 4096).ToArray();
            };
            host.Resuming = Resume;
            Resume();
        }

        public byte[] Instant { get; private set; } = [];

        public void WaitForMoreWrites()
        {
            long before = Interlocked.Read(ref _writes);
            Eventually.Holds(() => Interlocked.Read(ref _writes) > before + 1000, "the guest writes");
        }

        public void WaitUntilStuck()
        {
            Eventually.Holds(
                () =>
                {
                    long before = Interlocked.Read(ref _writes);
                    return !SpinWait.SpinUntil(() => Interlocked.Read(ref _writes) != before, TimeSpan.FromMilliseconds(100));
                },
                "writers wait");
        }

        public void Stop()
        {
            _stop = true;
            foreach (Thread thread in _threads)
                thread.Join();
            _threads.Clear();
        }

        public void Dispose() => Stop();

        private void Resume()
        {
            _stop = false;
            for (int i = 0; i < 2; i++)
            {
                int seed = i;
                var thread = new Thread(() => Run(seed)) { IsBackground = true };
                _threads.Add(thread);
                thread.Start();
            }
        }

        private void Run(int seed)
        {
            var random = new Random(seed);
            Span<byte> bytes = stackalloc byte[100];
            for (ulong count = 1; !_stop; count++)
            {
                random.NextBytes(bytes);
                BinaryPrimitives.WriteUInt64LittleEndian(bytes, count);

                // Half of it across the end of a page.
                ulong page = (ulong)random.Next(1, (Pages / 2) + 1) * 4096;
                _host.Space.Write(new GuestAddress(count % 2 == 0 ? page : page - 50), bytes);
                Interlocked.Increment(ref _writes);
            }
        }
    }
}
