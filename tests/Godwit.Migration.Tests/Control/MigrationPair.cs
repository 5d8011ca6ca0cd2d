using Godwit.Testing;
using Godwit.Wire;

namespace Godwit.Migration.Tests.Control;

/// <summary>A source and a destination in one process, joined by a channel in memory.</summary>
internal sealed class MigrationPair : IDisposable
{
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);

    public MigrationPair(bool returnPath = true, FakeRam? ram = null, RunState sourceState = RunState.Running, int capacityBytes = 64 * 1024, TimeProvider? clock = null)
    {
        SourceHost = new FakeHost(sourceState, ram);
        DestinationHost = new FakeHost(RunState.InMigrate);
        SourceSettings = new MigrationSettings();
        DestinationSettings = new MigrationSettings();
        if (returnPath)
            SourceSettings.SetCapabilities([KeyValuePair.Create("return-path", true)]);
        Source = new OutgoingMigration(
            SourceHost, SourceSettings, SourceHost, new OutgoingMigrationOptions { Clock = clock ?? TimeProvider.System });
        Destination = new IncomingMigration(DestinationHost, DestinationSettings, DestinationHost);
        (SourceEnd, DestinationEnd) = MemoryChannel.CreatePair(capacityBytes);
    }

    public FakeHost SourceHost { get; }

    public FakeHost DestinationHost { get; }

    public MigrationSettings SourceSettings { get; }

    public MigrationSettings DestinationSettings { get; }

    public OutgoingMigration Source { get; }

    public IncomingMigration Destination { get; }

    public MemoryChannel SourceEnd { get; }

    public MemoryChannel DestinationEnd { get; }

    /// <summary>Starts both sides; either end may be wrapped.</summary>
    public void Start(Channel? source = null, Channel? destination = null)
    {
        Destination.Listen(_ => destination ?? DestinationEnd);
        Source.Start("memory", _ => source ?? SourceEnd);
    }

    public void WaitForBoth()
    {
        Assert.True(Source.WaitForEnd(Deadline), $"source is {Source.Status}");
        Assert.True(Destination.WaitForEnd(Deadline), $"destination is {Destination.Status}");
    }

    public void AssertNeverTwo() =>
        Assert.False(SourceHost.IsRunning && DestinationHost.IsRunning, $"two running guests: {SourceHost.Events} | {DestinationHost.Events}");

    public void Dispose()
    {
        Source.Dispose();
        Destination.Dispose();
        SourceHost.Dispose();
        DestinationHost.Dispose();
    }
}
