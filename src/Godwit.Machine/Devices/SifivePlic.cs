using System.Numerics;
using Godwit.Accel;
using Godwit.Memory;
using Godwit.VmState;

namespace Godwit.Machine;

/// <summary>The platform-level interrupt controller: 95 sources, an M and an S context for each hart.</summary>
/// <remarks>
/// It keeps no level of its inputs: raising a source makes it pending, lowering it takes the pending bit away. Registers and state are in
/// docs/formats/virt-sections.md. All calls are made under the big lock.
/// </remarks>
public sealed class SifivePlic
{
    /// <summary>Number of sources, the unused source 0 among them.</summary>
    public const int SourceCount = 96;

    /// <summary>Bytes of the register region.</summary>
    internal const ulong RegionBytes = 0x600000;

    private const int Words = SourceCount / 32;
    private const ulong PendingOffset = 0x1000;
    private const ulong EnableOffset = 0x2000;
    private const ulong EnableStride = 0x80;
    private const ulong ContextOffset = 0x200000;
    private const ulong ContextStride = 0x1000;
    private const uint PriorityMask = 7;

    private static readonly VmStateDescription<SifivePlic> _state = new("riscv_sifive_plic", version: 1, minimumVersion: 1)
    {
        Fields =
        [
            Field.UInt32VarArray<SifivePlic>("source_priority", p => p._sourcePriority, p => SourceCount, SourceCount),
            Field.UInt32VarArray<SifivePlic>("target_priority", p => p._threshold, p => p.ContextCount, MaximumContexts),
            Field.UInt32VarArray<SifivePlic>("pending", p => p._pending, p => Words, Words),
            Field.UInt32VarArray<SifivePlic>("claimed", p => p._claimed, p => Words, Words),
            Field.UInt32VarArray<SifivePlic>("enable", p => p._enable, p => p.ContextCount * Words, MaximumContexts * Words),
        ],
        PostLoad = (p, _) => p.UpdateLines(),
    };

    private const int MaximumContexts = 2 * 4095;

    private readonly uint[] _sourcePriority = new uint[SourceCount];
    private readonly uint[] _pending = new uint[Words];
    private readonly uint[] _claimed = new uint[Words];
    private readonly uint[] _threshold;
    private readonly uint[] _enable;
    private IReadOnlyList<IInterruptSink> _harts = [];

    /// <summary>Creates the controller for a number of harts.</summary>
    public SifivePlic(int hartCount)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(hartCount, 1);
        _threshold = new uint[2 * hartCount];
        _enable = new uint[2 * hartCount * Words];
        Registers = new RegisterBlock(Read, Write);
    }

    /// <summary>Contexts: 2n is machine mode of hart n, 2n+1 supervisor mode.</summary>
    public int ContextCount => _threshold.Length;

    internal IMemoryRegionOperations Registers { get; }

    /// <summary>Only whole 32-bit registers.</summary>
    internal static AccessConstraints Access { get; } = new() { MinimumSizeBytes = 4, MaximumSizeBytes = 4 };

    /// <summary>A device sets its line; called on every change of the device's own condition, also without a change of level.</summary>
    /// <param name="source">1 to 95.</param>
    /// <param name="level">True while the device asks.</param>
    public void SetLevel(int source, bool level)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(source, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(source, SourceCount);
        SetBit(_pending, (uint)source, level);
        UpdateLines();
    }

    internal void Connect(IReadOnlyList<IInterruptSink> harts) => _harts = harts;

    internal void Register(VmStateRegistry registry) => registry.Register(_state, this);

    internal void Reset()
    {
        Array.Clear(_sourcePriority);
        Array.Clear(_pending);
        Array.Clear(_claimed);
        Array.Clear(_threshold);
        Array.Clear(_enable);
        UpdateLines();
    }

    private static void SetBit(uint[] words, uint source, bool value)
    {
        uint bit = 1u << (int)(source & 31);
        if (value)
            words[source >> 5] |= bit;
        else
            words[source >> 5] &= ~bit;
    }

    private ulong Read(ulong offset, int sizeBytes)
    {
        switch (Decode(offset, out uint index))
        {
            case RegisterKind.Priority:
                return _sourcePriority[index];
            case RegisterKind.Pending:
                return _pending[index];
            case RegisterKind.Enable:
                return _enable[index];
            case RegisterKind.Threshold:
                return _threshold[index];
            case RegisterKind.Claim:
                uint source = FindBest((int)index);
                if (source != 0)
                {
                    SetBit(_pending, source, false);
                    SetBit(_claimed, source, true);
                }

                UpdateLines();
                return source;
            default:
                return 0;
        }
    }

    private void Write(ulong offset, int sizeBytes, ulong value)
    {
        switch (Decode(offset, out uint index))
        {
            case RegisterKind.Priority when index != 0:
                _sourcePriority[index] = (uint)value & PriorityMask;
                UpdateLines();
                break;
            case RegisterKind.Enable:
                // The lines follow at the next event, as in the machine that this one exchanges guests with.
                _enable[index] = (uint)value;
                break;
            case RegisterKind.Threshold:
                _threshold[index] = (uint)value & PriorityMask;
                UpdateLines();
                break;
            case RegisterKind.Claim when value < SourceCount:
                SetBit(_claimed, (uint)value, false);
                UpdateLines();
                break;
        }
    }

    private RegisterKind Decode(ulong offset, out uint index)
    {
        index = 0;
        if (offset >= ContextOffset)
        {
            ulong context = (offset - ContextOffset) / ContextStride;
            ulong register = (offset - ContextOffset) % ContextStride;
            index = (uint)context;
            return context >= (ulong)ContextCount ? RegisterKind.None : register switch
            {
                0 => RegisterKind.Threshold,
                4 => RegisterKind.Claim,
                _ => RegisterKind.None,
            };
        }

        if (offset >= EnableOffset)
        {
            ulong context = (offset - EnableOffset) / EnableStride;
            ulong word = (offset - EnableOffset) % EnableStride / 4;
            if (context >= (ulong)ContextCount || word >= Words)
                return RegisterKind.None;
            index = (uint)((context * Words) + word);
            return RegisterKind.Enable;
        }

        if (offset >= PendingOffset)
        {
            index = (uint)((offset - PendingOffset) / 4);
            return index < Words ? RegisterKind.Pending : RegisterKind.None;
        }

        index = (uint)(offset / 4);
        return index < SourceCount ? RegisterKind.Priority : RegisterKind.None;
    }

    /// <summary>The pending, unclaimed, enabled source of the highest priority above the threshold; the lowest number wins a tie. 0: none.</summary>
    private uint FindBest(int context)
    {
        uint best = 0;
        uint bestPriority = _threshold[context];
        for (int word = 0; word < Words; word++)
        {
            uint candidates = _pending[word] & ~_claimed[word] & _enable[(context * Words) + word];
            for (; candidates != 0; candidates &= candidates - 1)
            {
                uint source = (uint)((word * 32) + BitOperations.TrailingZeroCount(candidates));
                if (_sourcePriority[source] > bestPriority)
                {
                    best = source;
                    bestPriority = _sourcePriority[source];
                }
            }
        }

        return best;
    }

    private void UpdateLines()
    {
        for (int hart = 0; hart < _harts.Count && hart < ContextCount / 2; hart++)
        {
            _harts[hart].SetInterruptLine(InterruptLine.MachineExternal, FindBest(2 * hart) != 0);
            _harts[hart].SetInterruptLine(InterruptLine.SupervisorExternal, FindBest((2 * hart) + 1) != 0);
        }
    }

    private enum RegisterKind
    {
        None,
        Priority,
        Pending,
        Enable,
        Threshold,
        Claim,
    }
}
