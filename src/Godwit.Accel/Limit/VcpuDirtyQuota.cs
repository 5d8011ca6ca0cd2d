using Godwit.Memory;

namespace Godwit.Accel;

/// <summary>How fast one CPU dirties memory, and how long it has to rest per full ring to keep to a limit (docs/cpu.md, "Dirty limit").</summary>
/// <remarks>Pure. For one thread.</remarks>
public sealed class VcpuDirtyQuota
{
    /// <summary>How far the rate of a fast CPU may be from its limit, in MiB/s.</summary>
    public const long CoarseTolerance = 25;

    /// <summary>The longest rest, in the time that filling a ring takes at full speed.</summary>
    public const int MaxRestInRings = 99;

    // Limits below four times the coarse tolerance would never be kept with it.
    private const long ToleranceDivisor = 4;
    private const int FarPercent = 50;
    private const int NearStepDivisor = 10;

    private readonly int _ringPages;

    /// <summary>Starts without a limit.</summary>
    /// <param name="ringPages">Pages that fill the CPU's ring.</param>
    public VcpuDirtyQuota(int ringPages)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(ringPages);
        _ringPages = ringPages;
    }

    /// <summary>Gets the limit; 0 for none.</summary>
    public long LimitMebibytesPerSecond { get; private set; }

    /// <summary>Gets the rate of the last period, rounded down.</summary>
    public long MebibytesPerSecond { get; private set; }

    /// <summary>Gets the rest that each full ring brings.</summary>
    public TimeSpan Rest { get; private set; }

    /// <summary>Gets the time in which the CPU fills a ring at the fastest rate seen; zero while none was.</summary>
    public TimeSpan RingFullTime { get; private set; }

    /// <summary>Sets the limit.</summary>
    /// <param name="mebibytesPerSecond">0 for none: what was learnt with the last one is forgotten.</param>
    public void SetLimit(long mebibytesPerSecond)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(mebibytesPerSecond);
        LimitMebibytesPerSecond = mebibytesPerSecond;
        if (mebibytesPerSecond != 0)
            return;
        MebibytesPerSecond = 0;
        Rest = TimeSpan.Zero;
    }

    /// <summary>Takes the count of a period.</summary>
    /// <param name="pages">Pages that the CPU dirtied in it.</param>
    /// <param name="period">How long it was; more than 0.</param>
    /// <param name="fastestMebibytesPerSecond">The fastest rate that was seen on any CPU before.</param>
    public void Observe(long pages, TimeSpan period, long fastestMebibytesPerSecond)
    {
        MebibytesPerSecond = ToMebibytesPerSecond(pages, period);
        long fastest = Math.Max(fastestMebibytesPerSecond, MebibytesPerSecond);
        if (fastest > 0)
            RingFullTime = TimeSpan.FromTicks((long)(_ringPages * (double)TargetPage.SizeBytes / (1 << 20) / fastest * TimeSpan.TicksPerSecond));
        if (LimitMebibytesPerSecond == 0)
            return;
        if (Math.Abs(LimitMebibytesPerSecond - MebibytesPerSecond) > Math.Clamp(LimitMebibytesPerSecond / ToleranceDivisor, 1, CoarseTolerance))
            Adjust();
    }

    /// <summary>A number of pages in a time as MiB/s, rounded down.</summary>
    /// <param name="pages">The pages.</param>
    /// <param name="period">The time; more than 0.</param>
    public static long ToMebibytesPerSecond(long pages, TimeSpan period) =>
        (long)(pages * (double)TargetPage.SizeBytes / (1 << 20) / period.TotalSeconds);

    private void Adjust()
    {
        if (MebibytesPerSecond == 0)
        {
            Rest = TimeSpan.Zero;
            return;
        }

        // Far from the limit the rest is reckoned from the share that is too much, near to it it is felt for.
        long higher = Math.Max(MebibytesPerSecond, LimitMebibytesPerSecond);
        long percent = (higher - Math.Min(MebibytesPerSecond, LimitMebibytesPerSecond)) * 100 / higher;
        TimeSpan step = percent > FarPercent ? RingFullTime * ((double)percent / (100 - Math.Min(percent, 99))) : RingFullTime / NearStepDivisor;
        TimeSpan wanted = MebibytesPerSecond > LimitMebibytesPerSecond ? Rest + step : Rest - step;
        TimeSpan longest = RingFullTime * MaxRestInRings;
        Rest = wanted < TimeSpan.Zero ? TimeSpan.Zero : wanted > longest ? longest : wanted;
    }
}
