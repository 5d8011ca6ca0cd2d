namespace Godwit.Fuzz;

/// <summary>A parser accepted something that the slow, independent reading of the same bytes contradicts.</summary>
internal sealed class FuzzFailureException(string message) : Exception(message);
