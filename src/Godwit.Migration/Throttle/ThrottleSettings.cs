namespace Godwit.Migration;

/// <summary>How hard vCPUs are slowed down when a migration does not converge (docs/formats/ram.md, "Auto-converge").</summary>
/// <param name="TriggerPercent">Dirtied bytes in percent of sent bytes from which on a period counts as "not converging".</param>
/// <param name="InitialPercent">The first throttle.</param>
/// <param name="IncrementPercent">The longest step after that.</param>
/// <param name="TailSlow">Take smaller steps when little is missing.</param>
/// <param name="MaximumPercent">The hardest throttle.</param>
public readonly record struct ThrottleSettings(int TriggerPercent, int InitialPercent, int IncrementPercent, bool TailSlow, int MaximumPercent)
{
    /// <summary>Reads the settings out of a migration's parameters.</summary>
    public static ThrottleSettings From(MigrationParameters parameters)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        return new ThrottleSettings(
            (int)parameters[MigrationParameter.ThrottleTriggerThreshold].Number,
            (int)parameters[MigrationParameter.CpuThrottleInitial].Number,
            (int)parameters[MigrationParameter.CpuThrottleIncrement].Number,
            parameters[MigrationParameter.CpuThrottleTailslow].Flag,
            (int)parameters[MigrationParameter.MaxCpuThrottle].Number);
    }
}
