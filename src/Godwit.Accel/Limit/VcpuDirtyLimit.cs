namespace Godwit.Accel;

/// <summary>The limit of one CPU.</summary>
/// <param name="CpuIndex">Number of the CPU, from 0.</param>
/// <param name="LimitMebibytesPerSecond">What it may dirty.</param>
/// <param name="MebibytesPerSecond">What it dirtied in the last period.</param>
public sealed record VcpuDirtyLimit(int CpuIndex, long LimitMebibytesPerSecond, long MebibytesPerSecond);
