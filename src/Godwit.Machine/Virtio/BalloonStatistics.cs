using System.Collections.Immutable;

namespace Godwit.Machine;

/// <summary>What a guest last said about its memory.</summary>
/// <param name="LastUpdate">When, in Unix seconds; 0 when it never did.</param>
/// <param name="Values">By tag, in the order of <see cref="Names"/>; all ones where the guest does not say.</param>
public sealed record BalloonStatistics(long LastUpdate, ImmutableArray<ulong> Values)
{
    /// <summary>Names of the values, by tag.</summary>
    public static ImmutableArray<string> Names { get; } =
    [
        "stat-swap-in", "stat-swap-out", "stat-major-faults", "stat-minor-faults", "stat-free-memory", "stat-total-memory", "stat-available-memory",
        "stat-disk-caches", "stat-htlb-pgalloc", "stat-htlb-pgfail", "stat-oom-kills", "stat-alloc-stalls", "stat-async-scans", "stat-direct-scans",
        "stat-async-reclaims", "stat-direct-reclaims",
    ];

    /// <summary>Nothing said.</summary>
    public static BalloonStatistics Empty { get; } = new(0, [.. Enumerable.Repeat(ulong.MaxValue, Names.Length)]);
}
