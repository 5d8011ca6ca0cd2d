using System.Collections.Immutable;

namespace Godwit.Machine;

/// <summary>What <see cref="StaircaseVerifier"/> found in the memory of a stopped staircase guest.</summary>
public sealed record StaircaseReport
{
    /// <summary>At most this many violations are listed; <see cref="ViolationCount"/> counts them all.</summary>
    public const int ListedViolations = 16;

    /// <summary>Whether memory held a staircase guest at all; if not, everything else is empty.</summary>
    public required bool IsStaircase { get; init; }

    /// <summary>Whether the guest had begun to walk.</summary>
    public bool IsStarted { get; init; }

    /// <summary>Rounds that are complete: pages from <see cref="StepPage"/> on have this value, those before it one more.</summary>
    public ulong Round { get; init; }

    /// <summary>First page that the current round has not reached.</summary>
    public ulong StepPage { get; init; }

    /// <summary>Pages in the working set.</summary>
    public ulong PageCount { get; init; }

    /// <summary>Pages written since the start: the guest's progress in one number.</summary>
    public ulong PagesWritten => (Round * PageCount) + StepPage;

    /// <summary>Number of pages that are wrong, or 1 for a violation that the guest itself saw.</summary>
    public ulong ViolationCount { get; init; }

    /// <summary>The first violations, each with page, expected and found.</summary>
    public ImmutableArray<string> Violations { get; init; } = [];

    /// <summary>A staircase guest without any violation.</summary>
    public bool IsSound => IsStaircase && ViolationCount == 0;
}
