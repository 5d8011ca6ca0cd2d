namespace Godwit.Accel.RiscV;

/// <content>The pages that this hart has dirtied, counted, and the rest after each ring of them.</content>
public sealed unsafe partial class Hart
{
    /// <summary>Pages of a hart's ring: a quarter of a MiB, so that a limit of 1 MiB/s is some rings in each period, and rests are short.</summary>
    internal const int DirtyRingPages = 64;

    // Written by the hart's own thread alone.
    private long _dirtiedPages;
    private int _ringUsed;
    private long _ringRestTicks;

    /// <summary>Gets how many pages the hart was the first to write since their log was cleared.</summary>
    internal long DirtiedPages => Volatile.Read(ref _dirtiedPages);

    /// <summary>Sets how long the hart rests when its ring is full.</summary>
    internal void SetRingRest(TimeSpan rest)
    {
        Volatile.Write(ref _ringRestTicks, rest.Ticks);
        if (rest == TimeSpan.Zero)
            EndRest();
    }

    private void NoteDirtied()
    {
        Volatile.Write(ref _dirtiedPages, _dirtiedPages + 1);
        long rest = Volatile.Read(ref _ringRestTicks);
        if (rest == 0)
            _ringUsed = 0;
        else if (++_ringUsed >= DirtyRingPages)
        {
            _ringUsed = 0;
            Rest(TimeSpan.FromTicks(rest));
        }
    }
}
