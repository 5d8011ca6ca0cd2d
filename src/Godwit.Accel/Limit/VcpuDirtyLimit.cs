namespace Godwit.Accel;

/// <summary>The limit of one CPU.</summary>
/// <param name="CpuIndex">Number of the CPU, from 0.</param>
/// <param name="LimitRate">What it may dirty, in MiB/s.</param>
/// <param name="CurrentRate">What it dirtied in the last period, in MiB/s.</param>
public sealed record VcpuDirtyLimit(int CpuIndex, long LimitRate, long CurrentRate);
