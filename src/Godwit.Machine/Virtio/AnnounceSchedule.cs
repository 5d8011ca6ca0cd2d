namespace Godwit.Machine;

/// <summary>How a network card says that it is here now, after it has moved (docs/formats/virt-sections.md).</summary>
public sealed record AnnounceSchedule
{
    // A day: numbers come from a monitor, and are nanoseconds of a clock in the end.
    private const long LongestGapMilliseconds = 86_400_000;

    /// <summary>Milliseconds between the first announcement and the second; default 50.</summary>
    public long InitialMilliseconds { get; init; } = 50;

    /// <summary>Longest gap in milliseconds; default 550.</summary>
    public long MaximumMilliseconds { get; init; } = 550;

    /// <summary>Number of announcements; default 5, 0 for none.</summary>
    public long Rounds { get; init; } = 5;

    /// <summary>Milliseconds by which each gap is longer than the one before; default 100.</summary>
    public long StepMilliseconds { get; init; } = 100;

    /// <summary>The gap in milliseconds after <paramref name="done"/> announcements.</summary>
    public long GapAfter(int done)
    {
        Int128 gap = Int128.Min(InitialMilliseconds + ((Int128)(done - 1) * StepMilliseconds), MaximumMilliseconds);
        return (long)Int128.Clamp(gap, 0, LongestGapMilliseconds);
    }
}
