namespace Godwit.Cli;

/// <summary>How the built-in guest was asked to work.</summary>
/// <param name="PagesPerSecond">Pages written per second; 0 for as fast as it can.</param>
/// <param name="WorkingSetPages">Pages that it walks; 0 for all.</param>
/// <param name="ReportRounds">Rounds between two lines of output.</param>
internal sealed record StaircaseSettings(ulong PagesPerSecond = 0, ulong WorkingSetPages = 0, ulong ReportRounds = 1);
