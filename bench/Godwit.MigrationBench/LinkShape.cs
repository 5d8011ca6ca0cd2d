using System.Globalization;

namespace Godwit.MigrationBench;

/// <summary>How fast and how long a link is.</summary>
/// <param name="BitsPerSecond">Rate of each direction.</param>
/// <param name="DelayMicroseconds">One way.</param>
internal sealed record LinkShape(long BitsPerSecond, long DelayMicroseconds)
{
    public string Name => string.Create(
        CultureInfo.InvariantCulture, $"{BitsPerSecond / 1e9:0.###} Gbit/s, {DelayMicroseconds / 1e3:0.###} ms each way");

    /// <summary>Reads RATE,DELAY in tc's spelling, for instance <c>1gbit,20ms</c>; null when it is something else.</summary>
    public static LinkShape? Parse(string text) =>
        text.Split(',') is [string rate, string delay]
        && Number(rate, ("gbit", 1_000_000_000), ("mbit", 1_000_000)) is { } bits and > 0
        && Number(delay, ("us", 1), ("ms", 1000)) is { } microseconds
            ? new LinkShape(bits, microseconds)
            : null;

    private static long? Number(string text, params ReadOnlySpan<(string Unit, long Factor)> units)
    {
        foreach ((string unit, long factor) in units)
        {
            if (text.EndsWith(unit, StringComparison.Ordinal)
                && double.TryParse(text[..^unit.Length], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double value))
                return (long)(value * factor);
        }

        return null;
    }
}
