namespace Godwit.Fuzz;

/// <summary>What became of the inputs of one target.</summary>
internal sealed record FuzzReport(string Target, long Inputs, long Accepted, long Refused, long Failures, TimeSpan Duration)
{
    public override string ToString() => FormattableString.Invariant(
        $"{Target,-12} {Inputs,10} inputs {Accepted,10} accepted {Refused,10} refused {Failures,6} failures {Inputs / Math.Max(Duration.TotalSeconds, 1e-3),9:F0} inputs/s");
}
