using System.Numerics;

namespace Godwit.Accel.RiscV;

/// <summary>Physical memory protection: configuration, address matching, locking.</summary>
/// <remarks>
/// The first matching entry decides; an access that is only partly inside it fails. Machine mode ignores entries that are not locked and may
/// do what no entry forbids; the other modes need an entry that allows. docs/formats/cpu-section.md, "cpu/pmp".
/// </remarks>
internal sealed class Pmp
{
    internal const int MaximumEntryCount = 64;
    private const byte ReadBit = 1;
    private const byte WriteBit = 2;
    private const byte ExecuteBit = 4;
    private const byte LockBit = 0x80;

    private readonly ulong[] _first = new ulong[MaximumEntryCount];
    private readonly ulong[] _last = new ulong[MaximumEntryCount];
    private readonly bool[] _active = new bool[MaximumEntryCount];
    private int _activeEnd;

    /// <summary>Gets the address registers: bits 55:2 of addresses, as the guest wrote them.</summary>
    internal ulong[] Address { get; } = new ulong[MaximumEntryCount];

    /// <summary>Gets the configuration bytes.</summary>
    internal byte[] Configuration { get; } = new byte[MaximumEntryCount];

    /// <summary>Gets a value indicating whether any entry is switched on, be its range empty or not.</summary>
    internal bool HasEntries { get; private set; }

    /// <summary>Sets all entries to 0 and unlocks them.</summary>
    internal void Reset()
    {
        Array.Clear(Address);
        Array.Clear(Configuration);
        Update();
    }

    /// <summary>Writes a configuration byte unless the entry is locked.</summary>
    internal void WriteConfiguration(int index, byte value)
    {
        if ((Configuration[index] & LockBit) == 0)
            Configuration[index] = value;
    }

    /// <summary>Writes an address register unless it is locked, by its own entry or by the next one in TOR mode.</summary>
    internal void WriteAddress(int index, ulong value)
    {
        bool lockedByNext = index + 1 < MaximumEntryCount && (Configuration[index + 1] & (LockBit | 0x18)) == (LockBit | 0x08);
        if ((Configuration[index] & LockBit) == 0 && !lockedByNext)
            Address[index] = value;
    }

    /// <summary>Computes the ranges again after a change of the registers.</summary>
    internal void Update()
    {
        _activeEnd = 0;
        HasEntries = false;
        for (int i = 0; i < MaximumEntryCount; i++)
        {
            HasEntries |= (Configuration[i] & 0x18) != 0;
            _active[i] = true;
            switch (Configuration[i] >> 3 & 3)
            {
                case 1: // TOR
                    ulong bottom = i == 0 ? 0 : Address[i - 1] << 2;
                    ulong top = Address[i] << 2;
                    _first[i] = bottom;
                    _last[i] = top - 1;
                    _active[i] = bottom < top;
                    break;
                case 2: // NA4
                    _first[i] = Address[i] << 2;
                    _last[i] = _first[i] + 3;
                    break;
                case 3: // NAPOT
                    int ones = BitOperations.TrailingZeroCount(~Address[i]);
                    ulong mask = ones >= 61 ? ulong.MaxValue : (8UL << ones) - 1;
                    _first[i] = (Address[i] << 2) & ~mask;
                    _last[i] = _first[i] | mask;
                    break;
                default:
                    _active[i] = false;
                    break;
            }

            if (_active[i])
                _activeEnd = i + 1;
        }
    }

    /// <summary>Decides about one access.</summary>
    /// <param name="physical">Physical address of the first byte.</param>
    /// <param name="sizeBytes">Number of bytes, at least 1.</param>
    /// <param name="type">What the access does; a store also needs the right to write only.</param>
    /// <param name="mode">Privilege mode of the access.</param>
    /// <returns><see langword="true"/> when it is allowed.</returns>
    internal bool IsAllowed(ulong physical, int sizeBytes, AccessType type, PrivilegeMode mode)
    {
        ulong end = physical + (ulong)(sizeBytes - 1);
        for (int i = 0; i < _activeEnd; i++)
        {
            if (!_active[i] || end < _first[i] || physical > _last[i])
                continue;
            if (physical < _first[i] || end > _last[i])
                return false;
            byte configuration = Configuration[i];
            if (mode == PrivilegeMode.Machine && (configuration & LockBit) == 0)
                return true;
            byte needed = type switch { AccessType.Load => ReadBit, AccessType.Store => WriteBit, _ => ExecuteBit };
            return (configuration & needed) != 0;
        }

        return mode == PrivilegeMode.Machine;
    }

    /// <summary>Says whether one decision holds for a whole page, so that it may be cached.</summary>
    /// <param name="physical">Any address in the page.</param>
    /// <returns><see langword="true"/> when the first entry that touches the page covers it, or none touches it.</returns>
    internal bool IsUniform(ulong physical)
    {
        ulong start = physical & ~0xfffUL;
        ulong end = start | 0xfff;
        for (int i = 0; i < _activeEnd; i++)
        {
            if (!_active[i] || end < _first[i] || start > _last[i])
                continue;
            return start >= _first[i] && end <= _last[i];
        }

        return true;
    }
}
