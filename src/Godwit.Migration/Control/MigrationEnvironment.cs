namespace Godwit.Migration;

/// <summary>Facts about machine and process that some settings depend on.</summary>
/// <param name="IncomingListenerStarted">A socket listener for an incoming migration exists.</param>
/// <param name="HasDirtyRing">The accelerator counts dirtied pages per vCPU in rings.</param>
public sealed record MigrationEnvironment(bool IncomingListenerStarted = false, bool HasDirtyRing = false);
