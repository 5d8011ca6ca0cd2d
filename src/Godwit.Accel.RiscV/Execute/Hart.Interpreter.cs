using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Godwit.Accel.RiscV;

/// <content>The interpreter: one switch over decoded records.</content>
public sealed unsafe partial class Hart
{
    /// <summary>
    /// Runs guest code from <see cref="_pc"/> until someone asks for attention. On return <see cref="_pc"/> is the next instruction and all
    /// registers are in memory.
    /// </summary>
    /// <remarks>
    /// <para>
    /// <c>ip</c> points at the record of the next instruction inside the decoded page <c>page</c>, which guest code sees at
    /// <c>pageAddress</c>; the pc is computed from these three only where it is needed. The attention flag is read at every taken branch and
    /// page change, so that a request is seen within one page of straight-line code.
    /// </para>
    /// <para>
    /// Two things keep the loop fast. The step to the next record is a branch on the record's length, not a sum with it: the branch is
    /// foretold, while a sum would have every instruction wait for the one before to be read. And no path uses the record after a call, so that it
    /// need not be kept on the stack: whoever may trap puts the pc in memory first.
    /// </para>
    /// <para>
    /// SAFETY: <c>ip</c> stays in <c>page</c>: records advance by their length and the two sentinels after the last slot take the step back; near
    /// branches are proven to stay inside at decode time; everything else goes through <c>Lookup</c>. Register indices come from records
    /// (0–32). Host addresses come from TLB entries, which only <c>Mmu/</c> makes.
    /// </para>
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    [SuppressMessage("Design", "MA0051:Method is too long", Justification = "One switch in one method is what the JIT compiles well.")]
    private void Interpret()
    {
        ulong* x = _x;
        ulong* page;
        ulong* ip;
        ulong pageAddress;
        ulong pc = _pc;
        ulong record;
        ulong address;

    Lookup:
        if (Volatile.Read(ref _attention) != 0)
        {
            _pc = pc;
            return;
        }

        pageAddress = pc & PageMask;
        FetchEntry* fetch = _fetch + (pc >> PageBits & FetchTlbMask);
        page = fetch->Tag == pageAddress ? fetch->Records : FetchPage(pc);
        if (page == null)
            goto FetchTrap;
        ip = page + (pc >> 1 & (InstructionDecoder.SlotsPerPage - 1));

        while (true)
        {
            record = *ip;
            ip++;
            if ((record & Record.Wide) != 0)
                ip++;
            switch ((byte)record)
            {
                case Op.Undecoded:
                    ip--;
                    if (DecodeSlot(page, ip))
                        continue;
                    pc = PcAt(page, ip, pageAddress);
                    goto Lookup;
                case Op.PageEnd:
                    ip--;
                    pc = PcAt(page, ip, pageAddress);
                    goto Lookup;
                case Op.Straddle:
                    pc = pageAddress + (ulong)(PageBytes - 2);
                    page = FetchStraddling(pc);
                    if (page == null)
                        goto FetchTrap;
                    ip = page + (InstructionDecoder.SlotsPerPage - 1);
                    continue;
                case Op.Illegal:
                    _pc = PcAt(page, ip, pageAddress) - ParcelBytes(record);
                    RaiseTrap(TrapCause.IllegalInstruction, (uint)(record >> 32));
                    goto Trap;
                case Op.Nop:
                    continue;

                case Op.JumpNear:
                    ip += (long)record >> 32;
                    goto Taken;
                case Op.JumpFar:
                    pc = PcAt(page, ip, pageAddress) - ParcelBytes(record) + (ulong)((long)record >> 32);
                    goto Lookup;
                case Op.JalNear:
                    x[(byte)(record >> 8)] = PcAt(page, ip, pageAddress);
                    ip += (long)record >> 32;
                    goto Taken;
                case Op.JalFar:
                    pc = PcAt(page, ip, pageAddress);
                    x[(byte)(record >> 8)] = pc;
                    pc = pc - ParcelBytes(record) + (ulong)((long)record >> 32);
                    goto Lookup;
                case Op.Jalr:
                    pc = (x[(byte)(record >> 16)] + (ulong)((long)record >> 32)) & ~1UL;
                    x[(byte)(record >> 8)] = PcAt(page, ip, pageAddress);
                    goto Lookup;

                case Op.BeqNear:
                    if (x[(byte)(record >> 16)] != x[record >> 24 & 31])
                        continue;
                    ip += (long)record >> 32;
                    goto Taken;
                case Op.BneNear:
                    if (x[(byte)(record >> 16)] == x[record >> 24 & 31])
                        continue;
                    ip += (long)record >> 32;
                    goto Taken;
                case Op.BltNear:
                    if ((long)x[(byte)(record >> 16)] >= (long)x[record >> 24 & 31])
                        continue;
                    ip += (long)record >> 32;
                    goto Taken;
                case Op.BgeNear:
                    if ((long)x[(byte)(record >> 16)] < (long)x[record >> 24 & 31])
                        continue;
                    ip += (long)record >> 32;
                    goto Taken;
                case Op.BltuNear:
                    if (x[(byte)(record >> 16)] >= x[record >> 24 & 31])
                        continue;
                    ip += (long)record >> 32;
                    goto Taken;
                case Op.BgeuNear:
                    if (x[(byte)(record >> 16)] < x[record >> 24 & 31])
                        continue;
                    ip += (long)record >> 32;
                    goto Taken;
                case Op.BeqFar:
                    if (x[(byte)(record >> 16)] != x[record >> 24 & 31])
                        continue;
                    goto BranchFar;
                case Op.BneFar:
                    if (x[(byte)(record >> 16)] == x[record >> 24 & 31])
                        continue;
                    goto BranchFar;
                case Op.BltFar:
                    if ((long)x[(byte)(record >> 16)] >= (long)x[record >> 24 & 31])
                        continue;
                    goto BranchFar;
                case Op.BgeFar:
                    if ((long)x[(byte)(record >> 16)] < (long)x[record >> 24 & 31])
                        continue;
                    goto BranchFar;
                case Op.BltuFar:
                    if (x[(byte)(record >> 16)] >= x[record >> 24 & 31])
                        continue;
                    goto BranchFar;
                case Op.BgeuFar:
                    if (x[(byte)(record >> 16)] < x[record >> 24 & 31])
                        continue;
                    goto BranchFar;

                case Op.Lb:
                    {
                        address = x[(byte)(record >> 16)] + (ulong)((long)record >> 32);
                        TlbEntry* entry = _readTlb + (address >> PageBits & DataTlbMask);
                        if (entry->Tag != (address & PageMask))
                            goto LoadSlow;
                        x[(byte)(record >> 8)] = (ulong)*(sbyte*)(address + entry->Addend);
                        continue;
                    }

                case Op.Lbu:
                    {
                        address = x[(byte)(record >> 16)] + (ulong)((long)record >> 32);
                        TlbEntry* entry = _readTlb + (address >> PageBits & DataTlbMask);
                        if (entry->Tag != (address & PageMask))
                            goto LoadSlow;
                        x[(byte)(record >> 8)] = *(byte*)(address + entry->Addend);
                        continue;
                    }

                case Op.Lh:
                    {
                        address = x[(byte)(record >> 16)] + (ulong)((long)record >> 32);
                        TlbEntry* entry = _readTlb + (address >> PageBits & DataTlbMask);
                        if (entry->Tag != (address & (PageMask | 1)))
                            goto LoadSlow;
                        x[(byte)(record >> 8)] = (ulong)*(short*)(address + entry->Addend);
                        continue;
                    }

                case Op.Lhu:
                    {
                        address = x[(byte)(record >> 16)] + (ulong)((long)record >> 32);
                        TlbEntry* entry = _readTlb + (address >> PageBits & DataTlbMask);
                        if (entry->Tag != (address & (PageMask | 1)))
                            goto LoadSlow;
                        x[(byte)(record >> 8)] = *(ushort*)(address + entry->Addend);
                        continue;
                    }

                case Op.Lw:
                    {
                        address = x[(byte)(record >> 16)] + (ulong)((long)record >> 32);
                        TlbEntry* entry = _readTlb + (address >> PageBits & DataTlbMask);
                        if (entry->Tag != (address & (PageMask | 3)))
                            goto LoadSlow;
                        x[(byte)(record >> 8)] = (ulong)*(int*)(address + entry->Addend);
                        continue;
                    }

                case Op.Lwu:
                    {
                        address = x[(byte)(record >> 16)] + (ulong)((long)record >> 32);
                        TlbEntry* entry = _readTlb + (address >> PageBits & DataTlbMask);
                        if (entry->Tag != (address & (PageMask | 3)))
                            goto LoadSlow;
                        x[(byte)(record >> 8)] = *(uint*)(address + entry->Addend);
                        continue;
                    }

                case Op.Ld:
                    {
                        address = x[(byte)(record >> 16)] + (ulong)((long)record >> 32);
                        TlbEntry* entry = _readTlb + (address >> PageBits & DataTlbMask);
                        if (entry->Tag != (address & (PageMask | 7)))
                            goto LoadSlow;
                        x[(byte)(record >> 8)] = *(ulong*)(address + entry->Addend);
                        continue;
                    }

                case Op.Sb:
                    {
                        address = x[(byte)(record >> 16)] + (ulong)((long)record >> 32);
                        TlbEntry* entry = _writeTlb + (address >> PageBits & DataTlbMask);
                        if (entry->Tag != (address & PageMask))
                            goto StoreSlow;
                        *(byte*)(address + entry->Addend) = (byte)x[record >> 24 & 31];
                        continue;
                    }

                case Op.Sh:
                    {
                        address = x[(byte)(record >> 16)] + (ulong)((long)record >> 32);
                        TlbEntry* entry = _writeTlb + (address >> PageBits & DataTlbMask);
                        if (entry->Tag != (address & (PageMask | 1)))
                            goto StoreSlow;
                        *(ushort*)(address + entry->Addend) = (ushort)x[record >> 24 & 31];
                        continue;
                    }

                case Op.Sw:
                    {
                        address = x[(byte)(record >> 16)] + (ulong)((long)record >> 32);
                        TlbEntry* entry = _writeTlb + (address >> PageBits & DataTlbMask);
                        if (entry->Tag != (address & (PageMask | 3)))
                            goto StoreSlow;
                        *(uint*)(address + entry->Addend) = (uint)x[record >> 24 & 31];
                        continue;
                    }

                case Op.Sd:
                    {
                        address = x[(byte)(record >> 16)] + (ulong)((long)record >> 32);
                        TlbEntry* entry = _writeTlb + (address >> PageBits & DataTlbMask);
                        if (entry->Tag != (address & (PageMask | 7)))
                            goto StoreSlow;
                        *(ulong*)(address + entry->Addend) = x[record >> 24 & 31];
                        continue;
                    }

                case Op.Li:
                    x[(byte)(record >> 8)] = (ulong)((long)record >> 32);
                    continue;
                case Op.Auipc:
                    x[(byte)(record >> 8)] = PcAt(page, ip, pageAddress) - ParcelBytes(record) + (ulong)((long)record >> 32);
                    continue;
                case Op.Mv:
                    x[(byte)(record >> 8)] = x[(byte)(record >> 16)];
                    continue;
                case Op.Addi:
                    x[(byte)(record >> 8)] = x[(byte)(record >> 16)] + (ulong)((long)record >> 32);
                    continue;
                case Op.Slti:
                    x[(byte)(record >> 8)] = (long)x[(byte)(record >> 16)] < (long)record >> 32 ? 1UL : 0UL;
                    continue;
                case Op.Sltiu:
                    x[(byte)(record >> 8)] = x[(byte)(record >> 16)] < (ulong)((long)record >> 32) ? 1UL : 0UL;
                    continue;
                case Op.Xori:
                    x[(byte)(record >> 8)] = x[(byte)(record >> 16)] ^ (ulong)((long)record >> 32);
                    continue;
                case Op.Ori:
                    x[(byte)(record >> 8)] = x[(byte)(record >> 16)] | (ulong)((long)record >> 32);
                    continue;
                case Op.Andi:
                    x[(byte)(record >> 8)] = x[(byte)(record >> 16)] & (ulong)((long)record >> 32);
                    continue;
                case Op.Slli:
                    x[(byte)(record >> 8)] = x[(byte)(record >> 16)] << (int)(record >> 32);
                    continue;
                case Op.Srli:
                    x[(byte)(record >> 8)] = x[(byte)(record >> 16)] >> (int)(record >> 32);
                    continue;
                case Op.Srai:
                    x[(byte)(record >> 8)] = (ulong)((long)x[(byte)(record >> 16)] >> (int)(record >> 32));
                    continue;
                case Op.Addiw:
                    x[(byte)(record >> 8)] = (ulong)(int)((uint)x[(byte)(record >> 16)] + (uint)(record >> 32));
                    continue;
                case Op.Slliw:
                    x[(byte)(record >> 8)] = (ulong)((int)x[(byte)(record >> 16)] << (int)(record >> 32));
                    continue;
                case Op.Srliw:
                    x[(byte)(record >> 8)] = (ulong)(int)((uint)x[(byte)(record >> 16)] >> (int)(record >> 32));
                    continue;
                case Op.Sraiw:
                    x[(byte)(record >> 8)] = (ulong)((int)x[(byte)(record >> 16)] >> (int)(record >> 32));
                    continue;

                case Op.Add:
                    x[(byte)(record >> 8)] = x[(byte)(record >> 16)] + x[record >> 24 & 31];
                    continue;
                case Op.Sub:
                    x[(byte)(record >> 8)] = x[(byte)(record >> 16)] - x[record >> 24 & 31];
                    continue;
                case Op.Sll:
                    x[(byte)(record >> 8)] = x[(byte)(record >> 16)] << (int)x[record >> 24 & 31];
                    continue;
                case Op.Slt:
                    x[(byte)(record >> 8)] = (long)x[(byte)(record >> 16)] < (long)x[record >> 24 & 31] ? 1UL : 0UL;
                    continue;
                case Op.Sltu:
                    x[(byte)(record >> 8)] = x[(byte)(record >> 16)] < x[record >> 24 & 31] ? 1UL : 0UL;
                    continue;
                case Op.Xor:
                    x[(byte)(record >> 8)] = x[(byte)(record >> 16)] ^ x[record >> 24 & 31];
                    continue;
                case Op.Srl:
                    x[(byte)(record >> 8)] = x[(byte)(record >> 16)] >> (int)x[record >> 24 & 31];
                    continue;
                case Op.Sra:
                    x[(byte)(record >> 8)] = (ulong)((long)x[(byte)(record >> 16)] >> (int)x[record >> 24 & 31]);
                    continue;
                case Op.Or:
                    x[(byte)(record >> 8)] = x[(byte)(record >> 16)] | x[record >> 24 & 31];
                    continue;
                case Op.And:
                    x[(byte)(record >> 8)] = x[(byte)(record >> 16)] & x[record >> 24 & 31];
                    continue;
                case Op.Addw:
                    x[(byte)(record >> 8)] = (ulong)(int)((uint)x[(byte)(record >> 16)] + (uint)x[record >> 24 & 31]);
                    continue;
                case Op.Subw:
                    x[(byte)(record >> 8)] = (ulong)(int)((uint)x[(byte)(record >> 16)] - (uint)x[record >> 24 & 31]);
                    continue;
                case Op.Sllw:
                    x[(byte)(record >> 8)] = (ulong)((int)x[(byte)(record >> 16)] << (int)x[record >> 24 & 31]);
                    continue;
                case Op.Srlw:
                    x[(byte)(record >> 8)] = (ulong)(int)((uint)x[(byte)(record >> 16)] >> (int)x[record >> 24 & 31]);
                    continue;
                case Op.Sraw:
                    x[(byte)(record >> 8)] = (ulong)((int)x[(byte)(record >> 16)] >> (int)x[record >> 24 & 31]);
                    continue;
                case Op.Mul:
                    x[(byte)(record >> 8)] = x[(byte)(record >> 16)] * x[record >> 24 & 31];
                    continue;
                case Op.Mulw:
                    x[(byte)(record >> 8)] = (ulong)((int)x[(byte)(record >> 16)] * (int)x[record >> 24 & 31]);
                    continue;
                case Op.Mulh or Op.Mulhsu or Op.Mulhu or Op.Div or Op.Divu or Op.Rem or Op.Remu
                    or Op.Divw or Op.Divuw or Op.Remw or Op.Remuw:
                    MultiplyDivide.Execute(record, x);
                    continue;

                case Op.Fence:
                    Interlocked.MemoryBarrier();
                    continue;
                case Op.Flw or Op.Fld or Op.Fsw or Op.Fsd or Op.FpArithmetic:
                    _pc = PcAt(page, ip, pageAddress) - ParcelBytes(record);
                    if (!ExecuteFp(record))
                        goto Trap;
                    continue;
                case Op.LrW or Op.LrD or Op.ScW or Op.ScD or Op.AmoW or Op.AmoD:
                    _pc = PcAt(page, ip, pageAddress) - ParcelBytes(record);
                    if (!ExecuteAtomic(record))
                        goto Trap;
                    continue;
                case Op.FenceI:
                    SynchronizeInstructions();
                    pc = PcAt(page, ip, pageAddress);
                    goto Lookup;
                default:
                    _pc = PcAt(page, ip, pageAddress) - ParcelBytes(record);
                    ExecuteSystem(record);
                    pc = _pc;
                    goto Lookup;
            }

        Taken:
            if (Volatile.Read(ref _attention) == 0)
                continue;
            _pc = PcAt(page, ip, pageAddress);
            return;

        BranchFar:
            pc = PcAt(page, ip, pageAddress) - ParcelBytes(record) + (ulong)((long)record >> 32);
            goto Lookup;

        LoadSlow:
            // A device access may let the machine stop before it happens: the pc has to be in memory by then.
            _pc = PcAt(page, ip, pageAddress) - ParcelBytes(record);
            if (!LoadSlow(address, record))
                goto Trap;
            continue;

        StoreSlow:
            _pc = PcAt(page, ip, pageAddress) - ParcelBytes(record);
            if (!StoreSlow(address, record))
                goto Trap;
            continue;

        Trap:
            // No trap: the instruction was given up because the machine stops. The registers belong to others already.
            if (_trapCause == TrapCause.None)
                return;
            goto TakeTrap;
        }

    FetchTrap:
        if (_trapCause == TrapCause.None)
            return;
        _pc = pc;

    TakeTrap:
        TakePendingTrap();
        pc = _pc;
        goto Lookup;
    }

    private static ulong ParcelBytes(ulong record) => (uint)record >> 29 << 1;

    private static ulong PcAt(ulong* page, ulong* ip, ulong pageAddress) => pageAddress + ((ulong)((byte*)ip - (byte*)page) >> 2);
}
