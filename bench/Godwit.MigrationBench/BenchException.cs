namespace Godwit.MigrationBench;

/// <summary>A run that cannot be made; the message says why.</summary>
internal sealed class BenchException(string message) : Exception(message);
