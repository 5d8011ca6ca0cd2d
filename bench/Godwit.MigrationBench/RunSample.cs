namespace Godwit.MigrationBench;

/// <summary>What one migration, or one raw copy, took.</summary>
/// <param name="TotalSeconds">From the command to the completion that the source reports after the destination's answer.</param>
/// <param name="DowntimeMilliseconds">As the source reports it.</param>
/// <param name="SourceCpuSeconds">User and system time of the source's process in that time.</param>
/// <param name="DestinationCpuSeconds">The same of the destination's.</param>
/// <param name="Bytes">Guest memory moved.</param>
/// <param name="WireBytes">Bytes on the wire.</param>
/// <param name="GuestBytesPerSecond">What a running guest wrote per second before the migration; 0 without one.</param>
internal sealed record RunSample(
    double TotalSeconds,
    double DowntimeMilliseconds,
    double SourceCpuSeconds,
    double DestinationCpuSeconds,
    long Bytes,
    long WireBytes,
    double GuestBytesPerSecond = 0)
{
    private double Gibibytes => (double)Bytes / (1L << 30);

    /// <summary>Guest memory per second, in MiB.</summary>
    public double Throughput => Bytes / TotalSeconds / (1 << 20);

    public double SourceCpuPerGibibyte => SourceCpuSeconds / Gibibytes;

    public double DestinationCpuPerGibibyte => DestinationCpuSeconds / Gibibytes;
}
