using Godwit.Accel;
using Godwit.Memory;
using Godwit.Migration;

namespace Godwit.Vmm;

/// <content>How fast the guest dirties its memory, and limits of that.</content>
public sealed partial class VirtualMachine
{
    private readonly VcpuDirtyLimiter? _dirtyLimiter;

    /// <summary>Measures the dirty rate.</summary>
    public DirtyRateMeter DirtyRate { get; }

    /// <summary>The dirty limits in force, by CPU; empty when there is none.</summary>
    public IReadOnlyList<VcpuDirtyLimit> DirtyLimits => _dirtyLimiter?.Limits ?? [];

    /// <summary>How often rates are measured while a limit is in force; default a second.</summary>
    public TimeSpan DirtyLimitPeriod
    {
        get => _dirtyLimiter?.Period ?? VcpuDirtyLimiter.DefaultPeriod;
        set
        {
            if (_dirtyLimiter is not null)
                _dirtyLimiter.Period = value;
        }
    }

    /// <summary>The longest rest that a full ring brings to a CPU.</summary>
    public TimeSpan LongestDirtyLimitRest => _dirtyLimiter?.LongestRest ?? TimeSpan.Zero;

    /// <summary>The time in which a CPU fills its ring at the fastest rate seen.</summary>
    public TimeSpan DirtyRingFullTime => _dirtyLimiter?.RingFullTime ?? TimeSpan.Zero;

    /// <summary>Limits what a CPU may dirty.</summary>
    /// <param name="cpu">Number of the CPU; null for all.</param>
    /// <param name="mebibytesPerSecond">The limit; 0 takes it away.</param>
    /// <exception cref="VmRefusedException">There is no such CPU, CPUs are not counted apart, or a migration sets the limits.</exception>
    public void SetDirtyLimit(long? cpu, ulong mebibytesPerSecond)
    {
        if (_dirtyLimiter is null)
            throw new VmRefusedException("dirty page limit feature requires KVM with accelerator property 'dirty-ring-size' set'");
        ChangeDirtyLimit(cpu, mebibytesPerSecond, "set");
    }

    /// <summary>Takes the limit of a CPU away; no effect when there is none.</summary>
    /// <param name="cpu">Number of the CPU; null for all.</param>
    /// <exception cref="VmRefusedException">There is no such CPU, or a migration sets the limits.</exception>
    public void CancelDirtyLimit(long? cpu)
    {
        if (DirtyLimits.Count > 0)
            ChangeDirtyLimit(cpu, 0, "cancel");
    }

    /// <inheritdoc/>
    void IRunningGuest.LimitDirtying(ulong mebibytesPerSecond, TimeSpan period)
    {
        DirtyLimitPeriod = period;
        _dirtyLimiter?.SetLimit(null, (long)Math.Min(mebibytesPerSecond, long.MaxValue));
    }

    /// <inheritdoc/>
    void IRunningGuest.UnlimitDirtying()
    {
        _dirtyLimiter?.SetLimit(null, 0);
        DirtyLimitPeriod = VcpuDirtyLimiter.DefaultPeriod;
    }

    private void ChangeDirtyLimit(long? cpu, ulong mebibytesPerSecond, string verb)
    {
        if (cpu < 0 || cpu >= Cpus.Count)
            throw new VmRefusedException("incorrect cpu index specified");
        if (Settings.Capabilities.DirtyLimit && Outgoing.Status.IsRunning())
            throw new VmRefusedException($"can't {verb} dirty page rate limit while migration is running");
        _dirtyLimiter!.SetLimit((int?)cpu, (long)Math.Min(mebibytesPerSecond, long.MaxValue));
    }

    private VcpuDirtyLimiter? CreateDirtyLimiter() => _accelerator.DirtyRings is { } rings
        ? new VcpuDirtyLimiter(rings, () => new DirtyLogCycle(Memory, GlobalDirtyTracking.DirtyLimit), () => _accelerator.IsRunning,
            e => Log.DirtyLimitFailed(_options.Logger, e)) : null;
}
