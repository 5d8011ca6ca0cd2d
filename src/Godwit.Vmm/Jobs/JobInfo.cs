namespace Godwit.Vmm;

/// <summary>A job as <c>query-jobs</c> shows it.</summary>
/// <param name="Id">The user's name for it.</param>
/// <param name="Kind">What it does, for instance <c>snapshot-save</c>.</param>
/// <param name="Status"><c>created</c>, <c>running</c>, <c>waiting</c>, <c>pending</c>, <c>aborting</c> or <c>concluded</c>.</param>
/// <param name="CurrentProgress">How much is done.</param>
/// <param name="TotalProgress">Of how much.</param>
/// <param name="Error">Why it failed; null when it did not.</param>
public sealed record JobInfo(string Id, string Kind, string Status, long CurrentProgress, long TotalProgress, string? Error = null);
