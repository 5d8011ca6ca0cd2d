using System.Numerics;
using System.Runtime.CompilerServices;
using Godwit.Memory;

namespace Godwit.Accel.RiscV;

/// <content>The slow path of loads and stores: TLB misses, unaligned accesses, devices, pages that are watched or logged.</content>
public sealed unsafe partial class Hart
{
    /// <summary>Completes a load instruction that missed the TLB.</summary>
    /// <returns><see langword="false"/> with a trap noted, or with the instruction given up because the machine stops.</returns>
    private bool LoadSlow(ulong address, ulong record)
    {
        var op = (byte)record;
        int size = 1 << (op - Op.Lb & 3);
        if (!ReadMemory(address, size, out ulong value))
            return false;
        _x[(byte)(record >> 8)] = op switch
        {
            Op.Lb => (ulong)(sbyte)value,
            Op.Lh => (ulong)(short)value,
            Op.Lw => (ulong)(int)value,
            _ => value,
        };
        return true;
    }

    /// <summary>Completes a store instruction that missed the TLB.</summary>
    /// <returns><see langword="false"/> with a trap noted, or with the instruction given up because the machine stops.</returns>
    private bool StoreSlow(ulong address, ulong record) =>
        WriteMemory(address, 1 << ((byte)record - Op.Sb), _x[record >> 24 & 31]);

    private bool ReadMemory(ulong address, int size, out ulong value)
    {
        value = 0;
        int inPage = PageBytes - (int)(address & (PageBytes - 1));
        if (size > inPage)
            return ReadAcrossPages(address, size, inPage, out value);
        if (!Translate(address, size, AccessType.Load, out ulong physical, out bool cacheable))
            return false;
        if (_slots.Find(physical) is not { } slot)
            return ReadPart(address, physical, size, out value);
        ulong offset = physical - slot.Start;
        slot.EnsurePresent(offset >> PageBits);
        var host = (byte*)(slot.HostAddress + (nint)offset);
        if (cacheable)
            Install(_readTlb, address, host);
        value = ReadHost(host, size);
        return true;
    }

    private bool ReadAcrossPages(ulong address, int size, int firstSize, out ulong value)
    {
        value = 0;
        ulong secondPage = address + (ulong)firstSize;
        if (!Translate(address, firstSize, AccessType.Load, out ulong first, out _)
            || !Translate(secondPage, size - firstSize, AccessType.Load, out ulong second, out _))
        {
            return false;
        }

        if (!ReadPart(address, first, firstSize, out ulong low) || !ReadPart(secondPage, second, size - firstSize, out ulong high))
            return false;
        value = high << (8 * firstSize) | low;
        return true;
    }

    /// <summary>Reads an access or the part of it that lies in one page; a device is read in aligned pieces.</summary>
    private bool ReadPart(ulong address, ulong physical, int size, out ulong value)
    {
        value = 0;
        var host = FindHost(physical);
        for (int done = 0; done < size;)
        {
            int piece = host != null ? 1 : PieceAt(physical + (ulong)done, size - done);
            ulong part;
            if (host != null)
                part = host[done];
            else if (!ReadDevice(address + (ulong)done, physical + (ulong)done, piece, AccessType.Load, out part))
                return false;
            value |= part << (8 * done);
            done += piece;
        }

        return true;
    }

    // The largest power of two that divides both the address and what is left: how the peers cut accesses to devices.
    private static int PieceAt(ulong address, int size) => 1 << BitOperations.TrailingZeroCount(address | (uint)size | 8);

    private bool WriteMemory(ulong address, int size, ulong value)
    {
        int inPage = PageBytes - (int)(address & (PageBytes - 1));
        if (size > inPage)
            return WriteAcrossPages(address, size, inPage, value);
        if (!Translate(address, size, AccessType.Store, out ulong physical, out bool cacheable))
            return false;
        if (_slots.Find(physical) is not { IsReadOnly: false } slot)
            return WritePart(address, physical, size, value);
        WriteSlot(slot, physical, address, size, value, cacheable);
        return true;
    }

    private bool WriteAcrossPages(ulong address, int size, int firstSize, ulong value)
    {
        ulong secondPage = address + (ulong)firstSize;
        if (!Translate(address, firstSize, AccessType.Store, out ulong first, out _)
            || !Translate(secondPage, size - firstSize, AccessType.Store, out ulong second, out _))
        {
            return false;
        }

        return WritePart(address, first, firstSize, value) && WritePart(secondPage, second, size - firstSize, value >> (8 * firstSize));
    }

    /// <summary>Writes an access or the part of it that lies in one page; a device is written in aligned pieces.</summary>
    private bool WritePart(ulong address, ulong physical, int size, ulong value)
    {
        SoftwareSlot? slot = _slots.Find(physical) is { IsReadOnly: false } found ? found : null;
        for (int done = 0; done < size;)
        {
            int piece = slot is not null ? 1 : PieceAt(physical + (ulong)done, size - done);
            if (slot is not null)
                WriteSlot(slot, physical + (ulong)done, address, 1, value >> (8 * done), cacheable: false);
            else if (!WriteDevice(address + (ulong)done, physical + (ulong)done, piece, value >> (8 * done) & ulong.MaxValue >> (64 - (8 * piece))))
                return false;
            done += piece;
        }

        return true;
    }

    private void WriteSlot(SoftwareSlot slot, ulong physical, ulong address, int size, ulong value, bool cacheable)
    {
        ulong offset = physical - slot.Start;
        ulong page = offset >> PageBits;
        slot.EnsurePresent(page);
        var host = (byte*)(slot.HostAddress + (nint)offset);
        if (slot.NoteWrite(page))
            NoteDirtied();
        if (slot.HasCode(page))
        {
            // The store comes first: whoever decodes after the drop sees it.
            WriteHost(host, size, value);
            _accelerator.NoteCodeStore(slot, page, (int)(offset & (PageBytes - 1)), size);
            return;
        }

        if (cacheable)
            Install(_writeTlb, address, host);
        WriteHost(host, size, value);
    }

    private byte* FindHost(ulong physical)
    {
        if (_slots.Find(physical) is not { } slot)
            return null;
        ulong offset = physical - slot.Start;
        slot.EnsurePresent(offset >> PageBits);
        return (byte*)(slot.HostAddress + (nint)offset);
    }

    private bool ReadDevice(ulong address, ulong physical, int size, AccessType type, out ulong value)
    {
        value = 0;
        if (!TryEnterDevice(out BigLock.Scope scope))
            return false;
        MemoryTransactionResult result;
        try
        {
            result = _accelerator.AddressSpace.Read(new GuestAddress(physical), size, out value);
        }
        finally
        {
            scope.Dispose();
            LeaveDevice();
        }

        return result == MemoryTransactionResult.Ok || AccessFault(type, address);
    }

    private bool WriteDevice(ulong address, ulong physical, int size, ulong value)
    {
        if (!TryEnterDevice(out BigLock.Scope scope))
            return false;
        MemoryTransactionResult result;
        try
        {
            result = _accelerator.AddressSpace.Write(new GuestAddress(physical), size, value);
        }
        finally
        {
            scope.Dispose();
            LeaveDevice();
        }

        return result == MemoryTransactionResult.Ok || AccessFault(AccessType.Store, address);
    }

    private bool AccessFault(AccessType type, ulong address)
    {
        RaiseAccessFault(type, address);
        return false;
    }

    private void Install(TlbEntry* table, ulong address, byte* host)
    {
        _areTlbsEmpty = false;
        TlbEntry* entry = table + (address >> PageBits & DataTlbMask);
        entry->Tag = address & PageMask;
        entry->Addend = (ulong)host - address;
    }

    // SAFETY: host points at `size` bytes of one page of a slot. Aligned accesses are single instructions, hence not torn.
    private static ulong ReadHost(byte* host, int size) => size switch
    {
        1 => *host,
        2 => Unsafe.ReadUnaligned<ushort>(host),
        4 => Unsafe.ReadUnaligned<uint>(host),
        _ => Unsafe.ReadUnaligned<ulong>(host),
    };

    private static void WriteHost(byte* host, int size, ulong value)
    {
        switch (size)
        {
            case 1:
                *host = (byte)value;
                break;
            case 2:
                Unsafe.WriteUnaligned(host, (ushort)value);
                break;
            case 4:
                Unsafe.WriteUnaligned(host, (uint)value);
                break;
            default:
                Unsafe.WriteUnaligned(host, value);
                break;
        }
    }
}
