namespace Godwit.Migration;

/// <summary>Decides after each period of the dirty rate how much the vCPUs are slowed down (docs/formats/ram.md, "Auto-converge").</summary>
/// <remarks>Pure: counts only how many periods in a row of decisions were too dirty. For one thread.</remarks>
public sealed class AutoConverge
{
    /// <summary>The range of a throttle that is in force, in percent.</summary>
    public const int MinPercent = 1;

    /// <summary>The range of a throttle that is in force, in percent.</summary>
    public const int MaxPercent = 99;

    private readonly ConvergenceTrigger _trigger = new();

    /// <summary>Looks at one period.</summary>
    /// <param name="currentPercent">The throttle in force; 0 for none.</param>
    /// <param name="dirtyBytes">Bytes newly dirtied in the period.</param>
    /// <param name="sentBytes">Bytes sent in the period.</param>
    /// <param name="settings">The parameters in force.</param>
    /// <returns>The throttle from now on; <paramref name="currentPercent"/> when it stays.</returns>
    public int Decide(int currentPercent, long dirtyBytes, long sentBytes, in ThrottleSettings settings)
    {
        if (!_trigger.IsDue(dirtyBytes, sentBytes, settings.TriggerPercent))
            return currentPercent;
        if (currentPercent == 0)
            return Math.Clamp(settings.InitialPercent, MinPercent, MaxPercent);
        int increment = settings.IncrementPercent;
        if (settings.TailSlow)
        {
            int share = 100 - currentPercent;
            int wanted = (int)(share * ConvergenceTrigger.LimitOf(sentBytes, settings.TriggerPercent) / dirtyBytes);
            increment = Math.Min(share - wanted, increment);
        }

        return Math.Clamp(Math.Min(currentPercent + increment, settings.MaximumPercent), MinPercent, MaxPercent);
    }
}
