using Godwit.Accel;
using Godwit.Memory;
using Godwit.VmState;

namespace Godwit.Machine;

/// <summary>
/// The core-local interruptor in SiFive's layout: software interrupts, one timer comparator per hart, and the time that all harts read.
/// </summary>
/// <remarks>
/// Time counts at 10 MHz with the virtual clock plus a delta. State is the section <c>riscv_mtimer</c>, whose layout differs by peer
/// (docs/formats/virt-sections.md); the software-interrupt half has none, its bits travel in the harts.
/// </remarks>
public sealed class RiscVClint
{
    /// <summary>Ticks of <c>mtime</c> in one second.</summary>
    public const ulong Frequency = 10_000_000;

    /// <summary>Bytes of the software-interrupt region.</summary>
    internal const ulong SoftwareInterruptBytes = 0x4000;

    /// <summary>Bytes of the timer region.</summary>
    internal const ulong TimerBytes = 0x8000;

    private const long NanosecondsPerTick = 100;
    private const ulong TimeOffset = 0x7ff8;

    /// <summary>What QEMU 10.0 writes: comparators alone, so that whoever loads it has to arm the timers itself.</summary>
    private static readonly VmStateDescription<RiscVClint> _state1 = new("riscv_mtimer", version: 1, minimumVersion: 1)
    {
        Fields = [Field.UInt64VarArray<RiscVClint>("timecmp", c => c._compare, c => c.HartCount, MaximumHarts)],
        PreLoad = c => c._timeDelta = 0,
        PostLoad = (c, _) => c.RearmFromComparators(),
    };

    /// <summary>What QEMU 11.1 writes.</summary>
    private static readonly VmStateDescription<RiscVClint> _state3 = new("riscv_mtimer", version: 3, minimumVersion: 3)
    {
        Fields =
        [
            Field.UInt64<RiscVClint>("time_delta", c => ref c._timeDelta),
            Field.UInt64VarArray<RiscVClint>("timecmp", c => c._compare, c => c.HartCount, MaximumHarts),
            Field.TimerVarArray<RiscVClint>("timers", c => c._expiry, c => c.HartCount, MaximumHarts),
        ],
        PreSave = c => c.NoteExpiry(),
        PostLoad = (c, _) => c.ArmFromExpiry(),
    };

    private const int MaximumHarts = 4095;

    private readonly VirtualClock _clock;
    private readonly VirtualTimer[] _timers;
    private readonly ulong[] _compare;
    private readonly long?[] _expiry;
    private readonly bool[] _softwareInterrupts;
    private IReadOnlyList<IInterruptSink> _harts = [];
    private ulong _timeDelta;

    /// <summary>Creates the device for a number of harts.</summary>
    /// <param name="clock">The machine's virtual clock; its timers fire under the big lock.</param>
    /// <param name="hartCount">At least 1.</param>
    public RiscVClint(VirtualClock clock, int hartCount)
    {
        ArgumentNullException.ThrowIfNull(clock);
        ArgumentOutOfRangeException.ThrowIfLessThan(hartCount, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(hartCount, MaximumHarts);
        _clock = clock;
        _compare = new ulong[hartCount];
        _expiry = new long?[hartCount];
        _softwareInterrupts = new bool[hartCount];
        _timers = [.. Enumerable.Range(0, hartCount).Select(hart => clock.CreateTimer(() => UpdateTimerLine(hart)))];
        SoftwareInterruptRegisters = new RegisterBlock(ReadSoftwareInterrupt, WriteSoftwareInterrupt);
        TimerRegisters = new RegisterBlock(ReadTimer, WriteTimer);
    }

    /// <summary>Number of harts.</summary>
    public int HartCount => _compare.Length;

    /// <summary>Now, in ticks: <c>mtime</c>, and the harts' <c>time</c> register.</summary>
    public ulong Time => unchecked((ulong)(_clock.NowNanoseconds / NanosecondsPerTick) + _timeDelta);

    internal IMemoryRegionOperations SoftwareInterruptRegisters { get; }

    internal IMemoryRegionOperations TimerRegisters { get; }

    /// <summary>Only whole 32-bit registers.</summary>
    internal static AccessConstraints SoftwareInterruptAccess { get; } = new() { MinimumSizeBytes = 4, MaximumSizeBytes = 4 };

    /// <summary>Registers of 64 bits, or their halves.</summary>
    internal static AccessConstraints TimerAccess { get; } = new() { MinimumSizeBytes = 4, MaximumSizeBytes = 8 };

    /// <summary>
    /// Whether a hart waits for a timer that QEMU 10.0 would not take over: that release neither writes nor re-arms the timers, so whoever writes
    /// for it has to mark the timer interrupt of such a hart as pending, and the guest programs its timer again.
    /// </summary>
    public bool IsTimerLostOn(int hart, PeerProfile peer)
    {
        ArgumentNullException.ThrowIfNull(peer);
        return LosesTimers(peer) && _compare[hart] != ulong.MaxValue;
    }

    /// <summary>Whether a release neither writes the harts' timers nor arms them after a load.</summary>
    public static bool LosesTimers(PeerProfile peer)
    {
        ArgumentNullException.ThrowIfNull(peer);
        return peer.Release < new Version(11, 0);
    }

    internal void Connect(IReadOnlyList<IInterruptSink> harts) => _harts = harts;

    internal void Register(VmStateRegistry registry) =>
        registry.RegisterVariants(peer => LosesTimers(peer) ? _state1 : _state3, [_state1, _state3], this);

    /// <summary>Power-on state: time starts at 0 again, and with the comparators at 0 every timer interrupt is pending.</summary>
    internal void Reset()
    {
        _timeDelta = unchecked(0 - (ulong)(_clock.NowNanoseconds / NanosecondsPerTick));
        for (int hart = 0; hart < HartCount; hart++)
        {
            WriteCompare(hart, 0);
            SetSoftwareInterrupt(hart, false);
        }
    }

    private ulong ReadSoftwareInterrupt(ulong offset, int sizeBytes)
    {
        ulong hart = offset >> 2;
        return hart < (ulong)HartCount && _softwareInterrupts[hart] ? 1UL : 0;
    }

    private void WriteSoftwareInterrupt(ulong offset, int sizeBytes, ulong value)
    {
        ulong hart = offset >> 2;
        if (hart < (ulong)HartCount)
            SetSoftwareInterrupt((int)hart, (value & 1) != 0);
    }

    private void SetSoftwareInterrupt(int hart, bool level)
    {
        _softwareInterrupts[hart] = level;
        SetLine(hart, InterruptLine.MachineSoftware, level);
    }

    private ulong ReadTimer(ulong offset, int sizeBytes)
    {
        ulong register = (offset & ~7UL) == TimeOffset ? Time
            : offset >> 3 < (ulong)HartCount ? _compare[offset >> 3]
            : 0;
        return sizeBytes == 8 ? register : (uint)(register >> (int)((offset & 4) * 8));
    }

    private void WriteTimer(ulong offset, int sizeBytes, ulong value)
    {
        if ((offset & ~7UL) == TimeOffset)
        {
            ulong raw = Time - _timeDelta;
            _timeDelta = unchecked(Merge(Time, offset, sizeBytes, value) - raw);
            for (int hart = 0; hart < HartCount; hart++)
                WriteCompare(hart, _compare[hart]);
        }
        else if (offset >> 3 < (ulong)HartCount)
        {
            int hart = (int)(offset >> 3);
            WriteCompare(hart, Merge(_compare[hart], offset, sizeBytes, value));
        }
    }

    private static ulong Merge(ulong register, ulong offset, int sizeBytes, ulong value) => sizeBytes == 8
        ? value
        : (offset & 4) == 0 ? BitPart.WithLow(register, value) : BitPart.WithHigh(register, value);

    private void WriteCompare(int hart, ulong value)
    {
        _compare[hart] = value;
        UpdateTimerLine(hart);
    }

    /// <summary>MTIP is a comparison, the timer only wakes it up.</summary>
    private void UpdateTimerLine(int hart)
    {
        bool expired = _compare[hart] <= Time;
        if (expired)
            _timers[hart].Disarm();
        else
            _timers[hart].Arm(ExpiryOf(_compare[hart]));
        SetLine(hart, InterruptLine.MachineTimer, expired);
    }

    private long ExpiryOf(ulong compare)
    {
        UInt128 nanoseconds = (UInt128)unchecked(compare - _timeDelta) * (UInt128)NanosecondsPerTick;
        return nanoseconds > (UInt128)long.MaxValue ? long.MaxValue : (long)nanoseconds;
    }

    private void NoteExpiry()
    {
        for (int hart = 0; hart < HartCount; hart++)
            _expiry[hart] = _timers[hart].ExpiresAtNanoseconds;
    }

    /// <summary>Takes the expiry that the stream gives: an armed timer of a time that the comparator says has not come.</summary>
    private void ArmFromExpiry()
    {
        RearmFromComparators();
        for (int hart = 0; hart < HartCount; hart++)
        {
            if (_expiry[hart] is { } expiry && _compare[hart] > Time)
                _timers[hart].Arm(expiry);
        }
    }

    private void RearmFromComparators()
    {
        for (int hart = 0; hart < HartCount; hart++)
            UpdateTimerLine(hart);
    }

    private void SetLine(int hart, InterruptLine line, bool level)
    {
        if (hart < _harts.Count)
            _harts[hart].SetInterruptLine(line, level);
    }
}
