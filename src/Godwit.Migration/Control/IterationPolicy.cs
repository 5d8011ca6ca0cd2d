using Godwit.VmState;

namespace Godwit.Migration;

/// <summary>When to count exactly, and when to stop the guest (<c>docs/migration-states.md</c>, "Convergence").</summary>
/// <param name="CountsAtThreshold">Counts exactly, and completes, when the pending bytes equal the threshold, not only below it.</param>
/// <param name="CountsWithoutPrecopyBytes">Counts exactly whenever nothing is left that has to go before the hand-over.</param>
public sealed record IterationPolicy(bool CountsAtThreshold, bool CountsWithoutPrecopyBytes)
{
    /// <summary>The rule of 10.0 and older.</summary>
    public static IterationPolicy Classic { get; } = new(CountsAtThreshold: false, CountsWithoutPrecopyBytes: false);

    /// <summary>The rule of 11.1.</summary>
    public static IterationPolicy Counted { get; } = new(CountsAtThreshold: true, CountsWithoutPrecopyBytes: true);

    /// <summary>The rule of a release.</summary>
    public static IterationPolicy For(PeerProfile profile)
    {
        ArgumentNullException.ThrowIfNull(profile);
        return profile.HasOneLineErrors ? Counted : Classic;
    }

    /// <summary>True when an estimate is good enough to be worth an exact count.</summary>
    public bool NeedsExactCount(PendingBytes estimate, long thresholdBytes) =>
        (CountsWithoutPrecopyBytes && estimate.MustPrecopy + estimate.StopOnly == 0)
        || (CountsAtThreshold ? estimate.TotalBytes <= thresholdBytes : estimate.TotalBytes < thresholdBytes);

    /// <summary>True when what is left fits into the downtime limit.</summary>
    public bool CanComplete(PendingBytes pending, long thresholdBytes) =>
        pending.TotalBytes == 0
        || (CountsAtThreshold ? pending.TotalBytes <= thresholdBytes : pending.TotalBytes < thresholdBytes);
}
