namespace Godwit.Cli;

/// <summary>What to drive: address, settings, limits.</summary>
internal sealed record MigrationPlan
{
    /// <summary>Where the stream goes, in QEMU's spelling.</summary>
    public required string Uri { get; init; }

    /// <summary>Capabilities to set on both sides, in this order.</summary>
    public IReadOnlyList<KeyValuePair<string, bool>> Capabilities { get; init; } = [];

    /// <summary>Parameters to set on both sides, as text.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Parameters { get; init; } = [];

    /// <summary>How long it may take; null for ever.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>Cancel when <see cref="Timeout"/> is over instead of leaving it running.</summary>
    public bool CancelOnTimeout { get; init; }

    /// <summary>Return as soon as it has been started.</summary>
    public bool IsDetached { get; init; }

    /// <summary>True for a stream that is written to its end before it is read.</summary>
    public bool IsFile => Uri.StartsWith("file:", StringComparison.Ordinal);

    /// <summary>True when the transport has a way back from the destination.</summary>
    public bool HasReturnPath => Uri.StartsWith("tcp:", StringComparison.Ordinal) || Uri.StartsWith("unix:", StringComparison.Ordinal);
}
