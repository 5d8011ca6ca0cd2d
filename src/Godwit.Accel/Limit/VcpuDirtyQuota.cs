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

    /// <summary>Gets or sets the limit in MiB/s; 0 for none.</summary>
    public long Limit { get; set; }

    /// <summary>Gets the rate of the last period in MiB/s, rounded down.</summary>
    public long Rate { get; private set; }

    /// <summary>Gets the rest that each full ring brings.</summary>
    public TimeSpan Rest { get; private set; }

    /// <summary>Gets the time in which the CPU fills a ring at the fastest rate seen; zero while none was.</summary>
    public TimeSpan RingFullTime { get; private set; }

    /// <summary>Takes the count of a period.</summary>
    /// <param name="pages">Pages that the CPU dirtied in it.</param>
    /// <param name="period">How long it was; more than 0.</param>
    /// <param name="fastest">The fastest rate that was seen on any CPU before, in MiB/s.</param>
    public void Observe(long pages, TimeSpan period, long fastest)
    {
        Rate = ToRate(pages, period);
        fastest = Math.Max(fastest, Rate);
        if (fastest > 0)
            RingFullTime = TimeSpan.FromTicks((long)(_ringPages * (double)TargetPage.SizeBytes / (1 << 20) / fastest * TimeSpan.TicksPerSecond));
        if (Limit == 0)
            Rest = TimeSpan.Zero;
        else if (Math.Abs(Limit - Rate) > Math.Clamp(Limit / ToleranceDivisor, 1, CoarseTolerance))
            Adjust();
    }

    /// <summary>A number of pages in a time as MiB/s, rounded down.</summary>
    /// <param name="pages">The pages.</param>
    /// <param name="period">The time; more than 0.</param>
    public static long ToRate(long pages, TimeSpan period) =>
        (long)(pages * (double)TargetPage.SizeBytes / (1 << 20) / period.TotalSeconds);

    private void Adjust()
    {
        if (Rate == 0)
        {
            Rest = TimeSpan.Zero;
            return;
        }

        // Far from the limit the rest is reckoned from the share that is too much, near to it it is felt for.
        long higher = Math.Max(Rate, Limit);
        long percent = (higher - Math.Min(Rate, Limit)) * 100 / higher;
        TimeSpan step = percent > FarPercent ? RingFullTime * ((double)percent / (100 - Math.Min(percent, 99))) : RingFullTime / NearStepDivisor;
        TimeSpan wanted = Rate > Limit ? Rest + step : Rest - step;
        TimeSpan longest = RingFullTime * MaxRestInRings;
        Rest = wanted < TimeSpan.Zero ? TimeSpan.Zero : wanted > longest ? longest : wanted;
    }
}
