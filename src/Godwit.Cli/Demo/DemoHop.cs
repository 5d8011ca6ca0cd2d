namespace Godwit.Cli;

/// <summary>One migration of the demonstration.</summary>
/// <param name="Number">From 1.</param>
/// <param name="Route">Processes, such as "4711 → 4712".</param>
/// <param name="Outcome">How it went.</param>
/// <param name="GuestRounds">Rounds that the guest reported on the destination after the hand-over.</param>
internal sealed record DemoHop(int Number, string Route, MigrationOutcome Outcome, IReadOnlyList<ulong> GuestRounds);
