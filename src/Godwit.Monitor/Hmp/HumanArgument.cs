namespace Godwit.Monitor;

/// <summary>One declared argument of a human monitor command.</summary>
/// <param name="Name">Name for the handler; the letter of a flag.</param>
/// <param name="Kind">What it looks like.</param>
/// <param name="IsOptional">True when it may be left out.</param>
internal sealed record HumanArgument(string Name, HumanArgumentKind Kind, bool IsOptional = false);
