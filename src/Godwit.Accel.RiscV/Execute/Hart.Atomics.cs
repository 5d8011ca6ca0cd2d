namespace Godwit.Accel.RiscV;

/// <content>The A extension: load-reserved, store-conditional, and the read-modify-write operations, on the host's interlocked operations.</content>
/// <remarks>
/// LR notes the virtual address and the value; SC succeeds when the address is the same and memory still holds the value, by one
/// compare-and-swap. An SC, a trap and a return from one end a reservation. Both values migrate. docs/cpu.md, "Atomics".
/// </remarks>
public sealed unsafe partial class Hart
{
    private const ulong ScFailed = 1;

    private ulong _loadReservation;
    private ulong _loadValue;

    private bool ExecuteAtomic(ulong record)
    {
        var op = (byte)record;
        ulong address = _x[(byte)(record >> 16)];
        ulong operand = _x[record >> 24 & 31];
        ref ulong destination = ref _x[(byte)(record >> 8)];
        switch (op)
        {
            case Op.LrW or Op.LrD:
                return LoadReserved(address, op == Op.LrW ? 4 : 8, ref destination);
            case Op.ScW or Op.ScD:
                return StoreConditional(address, op == Op.ScW ? 4 : 8, operand, ref destination);
            default:
                return ReadModifyWrite(address, op == Op.AmoW ? 4 : 8, operand, Record.Immediate(record), ref destination);
        }
    }

    private bool LoadReserved(ulong address, int size, ref ulong destination)
    {
        if ((address & (ulong)(size - 1)) != 0)
        {
            RaiseTrap(TrapCause.LoadMisaligned, address);
            return false;
        }

        if (!ReadMemory(address, size, out ulong value))
            return false;
        if (size == 4)
            value = (ulong)(int)value;
        _loadReservation = address;
        _loadValue = value;
        destination = value;

        // Later loads must not be seen to come before this one.
        Interlocked.MemoryBarrier();
        return true;
    }

    private bool StoreConditional(ulong address, int size, ulong value, ref ulong destination)
    {
        if (_loadReservation != address)
        {
            if (_model.ChecksFailingStoreConditional && !MayStore(address, size))
                return false;
            _loadReservation = NoReservation;
            destination = ScFailed;
            return true;
        }

        if (!TryGetAtomicTarget(address, size, out byte* host, out SoftwareSlot? watched, out ulong page))
            return false;
        if (host == null)
            return StoreConditionalToDevice(address, page, size, value, ref destination);

        // SAFETY: aligned by TryGetAtomicTarget, inside one page of a writable slot.
        bool done;
        ulong found;
        if (size == 4)
        {
            uint old = Interlocked.CompareExchange(ref *(uint*)host, (uint)value, (uint)_loadValue);
            done = old == (uint)_loadValue;
            found = (ulong)(int)old;
        }
        else
        {
            found = Interlocked.CompareExchange(ref *(ulong*)host, value, _loadValue);
            done = found == _loadValue;
        }

        // An SC.W after an LR.D stores when the lower halves are equal but reports success only when the whole values are: as the peers do.
        _loadReservation = NoReservation;
        destination = found == _loadValue ? 0 : ScFailed;
        if (done && watched is not null)
            _accelerator.NoteCodeStore(watched, page, (int)(address & (PageBytes - 1)), size);
        return true;
    }

    private bool MayStore(ulong address, int size)
    {
        if ((address & (ulong)(size - 1)) == 0)
            return Translate(address, size, AccessType.Store, out _, out _);
        RaiseTrap(TrapCause.StoreMisaligned, address);
        return false;
    }

    private bool ReadModifyWrite(ulong address, int size, ulong operand, int operation, ref ulong destination)
    {
        if (!TryGetAtomicTarget(address, size, out byte* host, out SoftwareSlot? watched, out ulong page))
            return false;
        if (host == null)
            return ModifyDevice(address, page, size, operand, operation, ref destination);

        // SAFETY: as above.
        destination = size == 4
            ? (ulong)(int)Apply(ref *(uint*)host, (uint)operand, operation) : Apply(ref *(ulong*)host, operand, operation);
        if (watched is not null)
            _accelerator.NoteCodeStore(watched, page, (int)(address & (PageBytes - 1)), size);
        return true;
    }

    // On a device an atomic is a read and a write; faults are those of a store.
    private bool ModifyDevice(ulong address, ulong physical, int size, ulong operand, int operation, ref ulong destination)
    {
        if (!ReadDevice(address, physical, size, AccessType.Store, out ulong old))
            return false;
        ulong cell = old;
        uint half = (uint)old;
        ulong found = size == 4 ? (ulong)(int)Apply(ref half, (uint)operand, operation) : Apply(ref cell, operand, operation);
        if (!WriteDevice(address, physical, size, size == 4 ? half : cell))
            return false;
        destination = found;
        return true;
    }

    private bool StoreConditionalToDevice(ulong address, ulong physical, int size, ulong value, ref ulong destination)
    {
        if (!ReadDevice(address, physical, size, AccessType.Store, out ulong found))
            return false;
        if (size == 4)
            found = (ulong)(int)found;
        bool same = size == 4 ? (uint)found == (uint)_loadValue : found == _loadValue;
        if (same && !WriteDevice(address, physical, size, size == 4 ? (uint)value : value))
            return false;
        _loadReservation = NoReservation;
        destination = found == _loadValue ? 0 : ScFailed;
        return true;
    }

    private static uint Apply(ref uint target, uint operand, int operation)
    {
        switch (operation)
        {
            case 0:
                return Interlocked.Add(ref target, operand) - operand;
            case 1:
                return Interlocked.Exchange(ref target, operand);
            case 8:
                return Interlocked.Or(ref target, operand);
            case 12:
                return Interlocked.And(ref target, operand);
        }

        while (true)
        {
            uint old = Volatile.Read(ref target);
            uint value = operation switch
            {
                4 => old ^ operand,
                16 => (uint)Math.Min((int)old, (int)operand),
                20 => (uint)Math.Max((int)old, (int)operand),
                24 => Math.Min(old, operand),
                _ => Math.Max(old, operand),
            };
            if (Interlocked.CompareExchange(ref target, value, old) == old)
                return old;
        }
    }

    private static ulong Apply(ref ulong target, ulong operand, int operation)
    {
        switch (operation)
        {
            case 0:
                return Interlocked.Add(ref target, operand) - operand;
            case 1:
                return Interlocked.Exchange(ref target, operand);
            case 8:
                return Interlocked.Or(ref target, operand);
            case 12:
                return Interlocked.And(ref target, operand);
        }

        while (true)
        {
            ulong old = Volatile.Read(ref target);
            ulong value = operation switch
            {
                4 => old ^ operand,
                16 => (ulong)Math.Min((long)old, (long)operand),
                20 => (ulong)Math.Max((long)old, (long)operand),
                24 => Math.Min(old, operand),
                _ => Math.Max(old, operand),
            };
            if (Interlocked.CompareExchange(ref target, value, old) == old)
                return old;
        }
    }

    /// <summary>Finds the host address of an aligned read-and-write access, noted in the dirty log.</summary>
    /// <param name="address">Virtual address.</param>
    /// <param name="size">4 or 8.</param>
    /// <param name="host">The host address; null when the target is no writable memory.</param>
    /// <param name="watched">The slot, when the page holds decoded code that the caller has to report after the store.</param>
    /// <param name="page">Page of that slot; without a host address, the physical address.</param>
    /// <returns><see langword="false"/> with a trap noted.</returns>
    private bool TryGetAtomicTarget(ulong address, int size, out byte* host, out SoftwareSlot? watched, out ulong page)
    {
        host = null;
        watched = null;
        page = 0;
        if ((address & (ulong)(size - 1)) != 0)
        {
            RaiseTrap(TrapCause.StoreMisaligned, address);
            return false;
        }

        TlbEntry* entry = _writeTlb + (address >> PageBits & DataTlbMask);
        TlbEntry* readEntry = _readTlb + (address >> PageBits & DataTlbMask);
        if (entry->Tag == (address & PageMask) && readEntry->Tag == entry->Tag)
        {
            host = (byte*)(address + entry->Addend);
            return true;
        }

        if (!Translate(address, size, AccessType.Store, out ulong physical, out bool cacheable))
            return false;
        if (!_pmp.IsAllowed(physical, size, AccessType.Load, _dataMode))
            return AccessFault(AccessType.Store, address);
        page = physical;
        if (_slots.Find(physical) is not { IsReadOnly: false } slot)
            return true;
        ulong offset = physical - slot.Start;
        page = offset >> PageBits;
        slot.EnsurePresent(page);
        host = (byte*)(slot.HostAddress + (nint)offset);
        if (slot.NoteWrite(page))
            NoteDirtied();
        if (slot.HasCode(page))
        {
            watched = slot;
        }
        else if (cacheable)
        {
            // A writable page is readable too, and the right to read its frame was just checked.
            Install(_writeTlb, address, host);
            Install(_readTlb, address, host);
        }

        return true;
    }
}
