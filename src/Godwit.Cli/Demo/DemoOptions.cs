namespace Godwit.Cli;

/// <summary>What the demonstration does.</summary>
internal sealed record DemoOptions
{
    public ulong MemoryBytes { get; init; } = 256UL << 20;

    /// <summary>Bytes per second that the guest dirties; 0 for as fast as it can.</summary>
    public ulong DirtyBytesPerSecond { get; init; } = 64UL << 20;

    /// <summary>True for TCP over loopback, false for a UNIX socket.</summary>
    public bool UsesTcp { get; init; } = true;

    public int Hops { get; init; } = 2;
}
