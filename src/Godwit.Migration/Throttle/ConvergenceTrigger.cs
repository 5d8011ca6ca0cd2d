namespace Godwit.Migration;

/// <summary>Says after each period of the dirty rate whether the guest has to be slowed down (docs/formats/ram.md, "Auto-converge").</summary>
/// <remarks>Pure: counts only the periods that were too dirty. For one thread.</remarks>
public sealed class ConvergenceTrigger
{
    private const int PeriodsToAct = 2;

    private int _dirtyPeriods;

    /// <summary>Looks at one period.</summary>
    /// <param name="dirtyBytes">Bytes newly dirtied in it.</param>
    /// <param name="sentBytes">Bytes sent in it.</param>
    /// <param name="triggerPercent">Dirtied bytes in percent of sent bytes from which on it counts as too dirty.</param>
    /// <returns>Whether it is time to act: every second period that is too dirty.</returns>
    public bool IsDue(long dirtyBytes, long sentBytes, int triggerPercent)
    {
        if (dirtyBytes <= LimitOf(sentBytes, triggerPercent) || ++_dirtyPeriods < PeriodsToAct)
            return false;
        _dirtyPeriods = 0;
        return true;
    }

    /// <summary>The bytes that may be dirtied while some are sent.</summary>
    /// <param name="sentBytes">Bytes sent.</param>
    /// <param name="triggerPercent">The part of them, in percent.</param>
    public static double LimitOf(long sentBytes, int triggerPercent) => (double)sentBytes * triggerPercent / 100;
}
