namespace Godwit.MigrationBench;

/// <summary>All runs of one row, by contestant; run i of each took turns with run i of the others.</summary>
/// <param name="Case">The row.</param>
/// <param name="Samples">The runs by the contestant's name.</param>
/// <param name="Skipped">Why a contestant has no runs, by its name.</param>
internal sealed record CaseResult(
    MigrationCase Case, IReadOnlyDictionary<string, IReadOnlyList<RunSample>> Samples, IReadOnlyDictionary<string, string> Skipped)
{
    /// <summary>Median of the ratios between runs that took turns; null without pairs.</summary>
    public MedianOf? Ratio(string subject, string baseline, Func<RunSample, double> value)
    {
        if (!Samples.TryGetValue(subject, out IReadOnlyList<RunSample>? ours) || !Samples.TryGetValue(baseline, out IReadOnlyList<RunSample>? theirs))
            return null;
        double[] ratios = [.. ours.Zip(theirs, (a, b) => value(a) / value(b)).Where(double.IsFinite)];
        return ratios.Length == 0 ? null : MedianOf.Of(ratios);
    }
}
