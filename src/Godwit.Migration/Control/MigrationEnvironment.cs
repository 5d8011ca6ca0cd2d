namespace Godwit.Migration;

/// <summary>Facts about machine and process that some settings depend on.</summary>
/// <param name="IncomingListenerStarted">A socket listener for an incoming migration exists.</param>
/// <param name="HasDirtyRing">The accelerator counts dirtied pages per vCPU in rings.</param>
/// <param name="CanProtectWrites">The accelerator can keep memory as it is at one instant while the guest runs.</param>
public sealed record MigrationEnvironment(bool IncomingListenerStarted = false, bool HasDirtyRing = false, bool CanProtectWrites = true);
