using Godwit.Accel;
using Godwit.VmState;

namespace Godwit.Machine;

/// <summary>The section <c>timer</c>: the virtual clock at the stop (docs/formats/virt-sections.md). It is the first entry of a machine.</summary>
public static class ClockState
{
    private static readonly VmStateDescription<VirtualClock> _state = new("timer", version: 2, minimumVersion: 2)
    {
        Fields =
        [
            // Cycles of the host's counter: guests of this machine never see them.
            Field.Int64<VirtualClock>("cpu_ticks_offset", c => c.OffsetNanoseconds, (_, _) => { }),
            Field.Unused<VirtualClock>(8),
            Field.Int64<VirtualClock>("cpu_clock_offset", c => c.OffsetNanoseconds, (c, v) => c.OffsetNanoseconds = v),
        ],
    };

    /// <summary>Registers the clock; to be called before anything else is registered.</summary>
    public static void Register(VmStateRegistry registry, VirtualClock clock)
    {
        ArgumentNullException.ThrowIfNull(registry);
        ArgumentNullException.ThrowIfNull(clock);
        registry.Register(_state, clock);
    }
}
