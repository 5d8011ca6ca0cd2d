namespace Godwit.Vmm;

/// <summary>What is known of the measurement that goes on, or of the last one.</summary>
/// <param name="Status">How far it has come.</param>
/// <param name="Mode">How it is done.</param>
/// <param name="SamplePages">Pages sampled of each GiB; 0 in the other modes.</param>
/// <param name="StartTime">When it began; null when there was none.</param>
/// <param name="Duration">How long it lasts; how long it took when it is measured.</param>
/// <param name="MebibytesPerSecond">The dirty rate; null until it is measured.</param>
/// <param name="VcpuMebibytesPerSecond">The rate of each CPU, by index, where CPUs are counted apart.</param>
public sealed record DirtyRateReport(
    DirtyRateStatus Status,
    DirtyRateMode Mode = DirtyRateMode.PageSampling,
    int SamplePages = 0,
    DateTimeOffset? StartTime = null,
    TimeSpan Duration = default,
    long? MebibytesPerSecond = null,
    IReadOnlyList<long>? VcpuMebibytesPerSecond = null);
