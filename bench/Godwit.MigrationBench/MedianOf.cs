namespace Godwit.MigrationBench;

/// <summary>Median and range of a few numbers.</summary>
/// <param name="Median">The middle one.</param>
/// <param name="Low">The smallest.</param>
/// <param name="High">The largest.</param>
internal sealed record MedianOf(double Median, double Low, double High)
{
    public static MedianOf Of(IEnumerable<double> numbers)
    {
        double[] sorted = [.. numbers.Order()];
        return sorted.Length == 0
            ? new MedianOf(double.NaN, double.NaN, double.NaN)
            : new MedianOf((sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2, sorted[0], sorted[^1]);
    }
}
