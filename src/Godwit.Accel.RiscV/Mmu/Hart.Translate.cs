namespace Godwit.Accel.RiscV;

/// <content>Address translation: page-table walk with hardware A/D update, then physical memory protection.</content>
public sealed unsafe partial class Hart
{
    /// <summary>Translates a virtual address and checks every right.</summary>
    /// <param name="address">Virtual address; the access does not leave its page.</param>
    /// <param name="sizeBytes">Bytes accessed.</param>
    /// <param name="type">What the access does.</param>
    /// <param name="physical">The physical address.</param>
    /// <param name="cacheable">Whether the decision holds for the whole page.</param>
    /// <returns><see langword="false"/> with a trap noted when the access is refused.</returns>
    private bool Translate(ulong address, int sizeBytes, AccessType type, out ulong physical, out bool cacheable)
    {
        PrivilegeMode mode = type == AccessType.Fetch ? _mode : _dataMode;
        cacheable = false;
        physical = address;
        if (mode != PrivilegeMode.Machine && _satp >> 60 != 0 && !Walk(address, type, mode, out physical))
            return false;
        if (!_pmp.IsAllowed(physical, sizeBytes, type, mode))
        {
            RaiseAccessFault(type, address);
            return false;
        }

        cacheable = _pmp.IsUniform(physical);
        return true;
    }

    private bool Walk(ulong address, AccessType type, PrivilegeMode mode, out ulong physical)
    {
        physical = 0;
        int levels = (int)(_satp >> 60) - 5;
        int unusedBits = 64 - (PageBits + (9 * levels));
        if ((ulong)((long)address << unusedBits >> unusedBits) != address)
            return PageFault(type, address);

    Restart:
        ulong table = (_satp & PageTableEntry.PpnMask) << PageBits;
        for (int level = levels - 1; level >= 0; level--)
        {
            int shift = PageBits + (9 * level);
            ulong entryAddress = table + ((address >> shift & 0x1ff) << 3);
            if (FindEntry(entryAddress) is var entryPointer && entryPointer == null)
            {
                RaiseAccessFault(type, address);
                return false;
            }

            ulong entry = Volatile.Read(ref *entryPointer);
            if ((entry & PageTableEntry.Reserved) != 0 || (entry & PageTableEntry.Valid) == 0)
                return PageFault(type, address);
            ulong frame = entry >> PageTableEntry.PpnShift & PageTableEntry.PpnMask;
            if ((entry & (PageTableEntry.Read | PageTableEntry.Write | PageTableEntry.Execute)) == 0)
            {
                if ((entry & (PageTableEntry.Dirty | PageTableEntry.Accessed | PageTableEntry.User)) != 0)
                    return PageFault(type, address);
                table = frame << PageBits;
                continue;
            }

            ulong within = (1UL << shift) - 1;
            if (!IsLeafAllowed(entry, type, mode) || (frame << PageBits & within) != 0)
                return PageFault(type, address);
            ulong updated = entry | PageTableEntry.Accessed | (type == AccessType.Store ? PageTableEntry.Dirty : 0);
            if (updated != entry && !TryUpdateEntry(entryAddress, entryPointer, entry, updated, type, address, out bool retry))
            {
                if (retry)
                    goto Restart;
                return false;
            }

            physical = frame << PageBits | address & within;
            return true;
        }

        return PageFault(type, address);
    }

    private bool IsLeafAllowed(ulong entry, AccessType type, PrivilegeMode mode)
    {
        if ((entry & (PageTableEntry.Read | PageTableEntry.Write)) == PageTableEntry.Write)
            return false;
        bool isUserPage = (entry & PageTableEntry.User) != 0;
        if (mode == PrivilegeMode.User)
        {
            if (!isUserPage)
                return false;
        }
        else if (isUserPage && (type == AccessType.Fetch || (_mstatus & MachineStatus.Sum) == 0))
        {
            return false;
        }

        return type switch
        {
            AccessType.Fetch => (entry & PageTableEntry.Execute) != 0,
            AccessType.Store => (entry & PageTableEntry.Write) != 0,
            _ => (entry & PageTableEntry.Read) != 0
                || ((entry & PageTableEntry.Execute) != 0 && (_mstatus & MachineStatus.Mxr) != 0),
        };
    }

    /// <summary>Finds a page-table entry in memory; it is read as supervisor data.</summary>
    private ulong* FindEntry(ulong physical)
    {
        if (_slots.Find(physical) is not { } slot || !_pmp.IsAllowed(physical, 8, AccessType.Load, PrivilegeMode.Supervisor))
            return null;
        slot.EnsurePresent(physical - slot.Start >> PageBits);

        // SAFETY: aligned, inside a slot of whole pages.
        return (ulong*)(slot.HostAddress + (nint)(physical - slot.Start));
    }

    private bool TryUpdateEntry(
        ulong physical, ulong* pointer, ulong old, ulong updated, AccessType type, ulong address, out bool retry)
    {
        retry = false;
        SoftwareSlot slot = _slots.Find(physical)!;
        if (slot.IsReadOnly)
        {
            RaiseAccessFault(type, address);
            return false;
        }

        ulong page = physical - slot.Start >> PageBits;
        if (slot.NoteWrite(page))
            NoteDirtied();
        retry = Interlocked.CompareExchange(ref *pointer, updated, old) != old;
        if (slot.HasCode(page))
            _accelerator.NoteCodeStore(slot, page, (int)(physical & 0xfff), 8);
        return !retry;
    }

    private bool PageFault(AccessType type, ulong address)
    {
        RaiseTrap(
            type switch { AccessType.Load => TrapCause.LoadPage, AccessType.Store => TrapCause.StorePage, _ => TrapCause.FetchPage },
            address);
        return false;
    }

    private void RaiseAccessFault(AccessType type, ulong address) => RaiseTrap(
        type switch { AccessType.Load => TrapCause.LoadAccess, AccessType.Store => TrapCause.StoreAccess, _ => TrapCause.FetchAccess },
        address);
}
