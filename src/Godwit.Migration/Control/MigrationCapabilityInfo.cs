namespace Godwit.Migration;

/// <summary>One row of the capability table.</summary>
/// <param name="Capability">The capability.</param>
/// <param name="Name">Its name in QMP, in HMP and in the stream.</param>
/// <param name="IsBuilt">False while it is known by name only and refused when switched on.</param>
/// <param name="IsValidated">True when the stream's configuration carries it and both sides must agree.</param>
public sealed record MigrationCapabilityInfo(MigrationCapability Capability, string Name, bool IsBuilt, bool IsValidated = false);
