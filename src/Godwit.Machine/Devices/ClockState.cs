using Godwit.Accel;
using Godwit.VmState;

namespace Godwit.Machine;

/// <summary>The section <c>timer</c>: the virtual clock at the stop (docs/formats/virt-sections.md). It is the first entry of a machine.</summary>
public sealed class ClockState
{
    private static readonly VmStateDescription<ClockState> _state = new("timer", version: 2, minimumVersion: 2)
    {
        Fields =
        [
            Field.Int64<ClockState>("cpu_ticks_offset", s => s.Ticks, (s, v) => s._loadedTicks = v),
            Field.Unused<ClockState>(8),
            Field.Int64<ClockState>("cpu_clock_offset", s => s._clock.OffsetNanoseconds, (s, v) => s._clock.OffsetNanoseconds = s._loadedNanoseconds = v),
        ],
    };

    private readonly VirtualClock _clock;
    private long _loadedTicks;
    private long _loadedNanoseconds;

    private ClockState(VirtualClock clock) => _clock = clock;

    /// <summary>Cycles of a host's counter, which guests of this machine never see: they go on from what was loaded, one each nanosecond.</summary>
    private long Ticks => unchecked(_loadedTicks + (_clock.OffsetNanoseconds - _loadedNanoseconds));

    /// <summary>Registers the clock; to be called before anything else is registered.</summary>
    public static void Register(VmStateRegistry registry, VirtualClock clock)
    {
        ArgumentNullException.ThrowIfNull(registry);
        ArgumentNullException.ThrowIfNull(clock);
        registry.Register(_state, new ClockState(clock));
    }
}
