namespace Godwit.Migration;

/// <summary>
/// The period over which the dirty rate is taken: it ends at the first sync more than a second after it began
/// (docs/formats/ram.md, "Bitmap sync").
/// </summary>
/// <remarks>Used by the thread that syncs.</remarks>
public sealed class DirtyRatePeriod
{
    /// <summary>The shortest period.</summary>
    public static readonly TimeSpan MinLength = TimeSpan.FromSeconds(1);

    private readonly TimeProvider _clock;
    private long _start;
    private long _pagesAtStart;

    /// <summary>The first period begins now.</summary>
    public DirtyRatePeriod(TimeProvider clock)
    {
        ArgumentNullException.ThrowIfNull(clock);
        _clock = clock;
        _start = clock.GetTimestamp();
    }

    /// <summary>Ends the period after a sync, if it is long enough, and begins the next.</summary>
    /// <param name="newlyDirtyPages">Pages that syncs found newly dirty since the start of the migration.</param>
    /// <param name="pagesPerSecond">Newly dirty pages per second in the period that ended.</param>
    public bool TryEnd(long newlyDirtyPages, out long pagesPerSecond)
    {
        long now = _clock.GetTimestamp();
        TimeSpan length = _clock.GetElapsedTime(_start, now);
        pagesPerSecond = 0;
        if (length <= MinLength)
            return false;
        pagesPerSecond = (newlyDirtyPages - _pagesAtStart) * 1000 / (long)length.TotalMilliseconds;
        _start = now;
        _pagesAtStart = newlyDirtyPages;
        return true;
    }
}
