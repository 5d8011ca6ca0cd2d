namespace Godwit.Accel.RiscV;

/// <content>The pages that this hart has dirtied, counted, and the rest after each ring of them.</content>
public sealed unsafe partial class Hart
{
    /// <summary>Pages of a hart's ring. Small, so that the rests of a slow limit are short.</summary>
    internal const int DirtyRingPages = 1024;

    // Written by the hart's own thread alone.
    private long _dirtiedPages;
    private int _ringUsed;
    private long _ringRestTicks;

    /// <summary>Gets how many pages the hart was the first to write since their log was cleared.</summary>
    internal long DirtiedPages => Volatile.Read(ref _dirtiedPages);

    /// <summary>Sets how long the hart rests when its ring is full.</summary>
    internal void SetRingRest(TimeSpan rest) => Volatile.Write(ref _ringRestTicks, rest.Ticks);

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
