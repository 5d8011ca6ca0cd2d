namespace Godwit.Vmm;

/// <summary>How a machine ended.</summary>
/// <param name="ExitCode">Status for the process: 0 after a power-off or <c>quit</c>.</param>
/// <param name="Reason">Why, where it was not asked for; null otherwise.</param>
public sealed record VmExit(int ExitCode, string? Reason = null);
