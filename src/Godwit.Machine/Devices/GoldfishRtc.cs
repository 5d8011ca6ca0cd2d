using Godwit.Accel;
using Godwit.Memory;
using Godwit.VmState;

namespace Godwit.Machine;

/// <summary>The Goldfish real-time clock: wall time in nanoseconds, with an alarm. Section <c>goldfish_rtc</c> (docs/formats/virt-sections.md).</summary>
public sealed class GoldfishRtc
{
    internal const ulong RegionBytes = 0x24;

    private static readonly VmStateDescription<GoldfishRtc> _state = new("goldfish_rtc", version: 3, minimumVersion: 3)
    {
        Fields =
        [
            Field.UInt64<GoldfishRtc>("tick_offset_vmstate", r => ref r._unusedTickOffset),
            Field.UInt64<GoldfishRtc>("alarm_next", r => ref r._alarmNext),
            Field.UInt32<GoldfishRtc>("alarm_running", r => ref r._alarmRunning),
            Field.UInt32<GoldfishRtc>("irq_pending", r => ref r._irqPending),
            Field.UInt32<GoldfishRtc>("irq_enabled", r => ref r._irqEnabled),
            Field.UInt32<GoldfishRtc>("time_high", r => ref r._timeHigh),
            Field.UInt64<GoldfishRtc>("tick_offset", r => ref r._tickOffset),
        ],
        PostLoad = (r, _) => r.ArmTimer(),
    };

    private readonly VirtualClock _clock;
    private readonly TimeProvider _time;
    private readonly Action<bool> _interrupt;
    private readonly VirtualTimer _timer;
    private ulong _unusedTickOffset;
    private ulong _tickOffset;
    private ulong _alarmNext;
    private uint _alarmRunning;
    private uint _irqPending;
    private uint _irqEnabled;
    private uint _timeHigh;

    /// <summary>Creates the clock, which shows whole seconds at this moment.</summary>
    /// <param name="clock">Wakes the alarm.</param>
    /// <param name="time">Wall time of the host.</param>
    /// <param name="interrupt">Sets the interrupt line.</param>
    public GoldfishRtc(VirtualClock clock, TimeProvider time, Action<bool> interrupt)
    {
        ArgumentNullException.ThrowIfNull(clock);
        ArgumentNullException.ThrowIfNull(time);
        ArgumentNullException.ThrowIfNull(interrupt);
        _clock = clock;
        _time = time;
        _interrupt = interrupt;
        _timer = clock.CreateTimer(Fire);
        _tickOffset = unchecked(0 - (HostNanoseconds % 1_000_000_000));
        Registers = new RegisterBlock((offset, _) => Read(offset), (offset, _, value) => Write(offset, (uint)value));
    }

    /// <summary>Nanoseconds since 1970 as the guest sees them.</summary>
    public ulong Count => unchecked(HostNanoseconds + _tickOffset);

    internal IMemoryRegionOperations Registers { get; }

    /// <summary>Only whole 32-bit registers.</summary>
    internal static AccessConstraints Access { get; } = new() { MinimumSizeBytes = 4, MaximumSizeBytes = 4 };

    private ulong HostNanoseconds => (ulong)(_time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100;

    internal void Register(VmStateRegistry registry) => registry.Register(_state, this);

    internal void Reset()
    {
        _timer.Disarm();
        _alarmNext = 0;
        _alarmRunning = _irqPending = _irqEnabled = 0;
    }

    private ulong Read(ulong offset)
    {
        switch (offset)
        {
            case 0x00:
                ulong count = Count;
                _timeHigh = (uint)(count >> 32);
                return (uint)count;
            case 0x04:
                return _timeHigh;
            case 0x08:
                return (uint)_alarmNext;
            case 0x0c:
                return (uint)(_alarmNext >> 32);
            case 0x10:
                return _irqEnabled;
            case 0x18:
                return _alarmRunning;
            default:
                return 0;
        }
    }

    private void Write(ulong offset, uint value)
    {
        switch (offset)
        {
            case 0x00:
                SetCount(BitPart.WithLow(Count, value));
                break;
            case 0x04:
                SetCount(BitPart.WithHigh(Count, value));
                break;
            case 0x08:
                _alarmNext = BitPart.WithLow(_alarmNext, value);
                SetAlarm();
                break;
            case 0x0c:
                _alarmNext = BitPart.WithHigh(_alarmNext, value);
                break;
            case 0x10:
                _irqEnabled = value & 1;
                UpdateLine();
                break;
            case 0x14:
                _alarmRunning = 0;
                _timer.Disarm();
                break;
            case 0x1c:
                _irqPending = 0;
                UpdateLine();
                break;
        }
    }

    private void SetCount(ulong count) => _tickOffset = unchecked(_tickOffset + (count - Count));

    private void SetAlarm()
    {
        if (_alarmNext <= Count)
        {
            _alarmRunning = 0;
            _irqPending = 1;
            _timer.Disarm();
            UpdateLine();
        }
        else
        {
            _alarmRunning = 1;
            ArmTimer();
        }
    }

    private void ArmTimer()
    {
        if (_alarmRunning == 0)
        {
            _timer.Disarm();
            return;
        }

        ulong count = Count;
        ulong left = _alarmNext > count ? _alarmNext - count : 0;
        long now = _clock.NowNanoseconds;
        _timer.Arm(left > (ulong)(long.MaxValue - now) ? long.MaxValue : now + (long)left);
    }

    /// <summary>The two clocks drift apart while the machine is stopped: an early call waits again.</summary>
    private void Fire()
    {
        if (_alarmRunning != 0)
            SetAlarm();
    }

    private void UpdateLine() => _interrupt((_irqPending & _irqEnabled) != 0);
}
