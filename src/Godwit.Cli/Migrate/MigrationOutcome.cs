namespace Godwit.Cli;

/// <summary>How a driven migration ended.</summary>
internal sealed record MigrationOutcome
{
    /// <summary>True when source and, as far as watched, destination completed.</summary>
    public required bool IsSuccess { get; init; }

    /// <summary>True when it was cancelled because the user or the time limit wanted it.</summary>
    public bool IsCancelled { get; init; }

    /// <summary>The last numbers of the source.</summary>
    public required MigrationInfo Source { get; init; }

    /// <summary>Run state of the source at the end, or null when it could not be asked.</summary>
    public string? SourceRunState { get; init; }

    /// <summary>Run state of the destination at the end, if it was watched.</summary>
    public string? TargetRunState { get; init; }

    /// <summary>Why it failed; null on success.</summary>
    public string? Reason { get; init; }

    /// <summary>Events of the source in order, as <c>M:x</c>, <c>P:n</c> and plain names.</summary>
    public IReadOnlyList<string> SourceEvents { get; init; } = [];

    /// <summary>Where the guest is now, for the user.</summary>
    public string GuestText => SourceRunState switch
    {
        "running" => "the guest runs on at the source",
        "postmigrate" when IsSuccess => "the guest is at the destination",
        null => "the state of the guest at the source is not known",
        _ => $"the guest at the source is {SourceRunState}",
    };
}
