using System.Diagnostics.Metrics;

namespace Godwit.Migration;

/// <summary>The engine's instruments; they read the statistics when somebody listens and cost nothing otherwise.</summary>
internal sealed class MigrationMetrics : IDisposable
{
    /// <summary>Name of the meter.</summary>
    public const string MeterName = "Godwit.Migration";

    private readonly Meter _meter = new(MeterName);

    public MigrationMetrics(MigrationStatistics statistics)
    {
        _meter.CreateObservableCounter(
            "godwit.migration.bytes_sent", () => statistics.TransferredBytes, "By", "Bytes on all channels of the migration");
        _meter.CreateObservableCounter(
            "godwit.migration.pages_normal", () => statistics.NormalPages, "{page}", "Pages sent in full");
        _meter.CreateObservableCounter(
            "godwit.migration.pages_zero", () => statistics.ZeroPages, "{page}", "Pages sent as all zero");
        _meter.CreateObservableCounter(
            "godwit.migration.dirty_syncs", () => statistics.DirtySyncCount, "{sync}", "Harvests of the dirty log");
        _meter.CreateObservableCounter(
            "godwit.migration.rounds", () => statistics.Iterations, "{round}", "Rounds of PART sections");
        _meter.CreateObservableGauge(
            "godwit.migration.bytes_remaining", () => statistics.RemainingBytes, "By", "Dirty memory not sent yet");
        _meter.CreateObservableGauge(
            "godwit.migration.dirty_rate", () => statistics.DirtyPagesPerSecond, "{page}/s", "Pages dirtied in the last period");
        _meter.CreateObservableGauge(
            "godwit.migration.throughput", () => statistics.MegabitsPerSecond, "Mbit/s", "Throughput of the last window");
        _meter.CreateObservableGauge(
            "godwit.migration.expected_downtime", () => statistics.ExpectedDowntimeMilliseconds, "ms", "Expected stop of the guest");
    }

    public void Dispose() => _meter.Dispose();
}
