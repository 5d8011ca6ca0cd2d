namespace Godwit.Machine;

/// <summary>How the staircase guest works; see <c>docs/staircase.md</c>.</summary>
public sealed record StaircaseOptions
{
    /// <summary>Guest RAM in bytes, a multiple of 4096; the working set ends where it ends unless <see cref="WorkingSetPages"/> says less.</summary>
    public required ulong RamBytes { get; init; }

    /// <summary>Pages to walk; 0 (the default) takes all RAM above the program.</summary>
    public ulong WorkingSetPages { get; init; }

    /// <summary>Pages written in one second of guest time; 0 (the default) walks as fast as the CPU can.</summary>
    public ulong PagesPerSecond { get; init; }

    /// <summary>
    /// Distance between stamped words of a page in bytes, a multiple of 8 up to 4088; 0 stamps nothing. Default 512: eight words.
    /// </summary>
    public int StampStrideBytes { get; init; } = 512;

    /// <summary>A line is printed every so many rounds; at least 1, the default.</summary>
    public ulong ReportRounds { get; init; } = 1;

    /// <summary>After a violation: true (the default) ends the machine with exit code 1, false sleeps for ever.</summary>
    public bool FailOnViolation { get; init; } = true;
}
