using System.Diagnostics.CodeAnalysis;

namespace Godwit.Accel.RiscV;

/// <content>Control and status registers: the CSR instructions and what each register answers.</content>
public sealed unsafe partial class Hart
{
    private const int CountersInhibitable = 5;
    private const ulong MisaValue = 0x8000_0000_0014_112d;

    private PrivilegeMode _mode;
    private ulong _mstatus;
    private ulong _mip;
    private ulong _mie;
    private ulong _mideleg;
    private ulong _medeleg;
    private ulong _mtvec;
    private ulong _mepc;
    private ulong _mcause;
    private ulong _mtval;
    private ulong _mscratch;
    private ulong _menvcfg;
    private uint _mcounteren;
    private uint _mcountinhibit;
    private ulong _stvec;
    private ulong _sepc;
    private ulong _scause;
    private ulong _stval;
    private ulong _sscratch;
    private ulong _senvcfg;
    private uint _scounteren;
    private ulong _satp;
    private uint _frm;
    private uint _fflags;
    private readonly ulong[] _mhpmevent = new ulong[32];
    private readonly Pmp _pmp = new();

    // mip.SEIP is the OR of what software wrote and what the interrupt controller asserts.
    private bool _softwareSeip;
    private bool _externalSeip;

    private void ResetCsrs()
    {
        _mode = PrivilegeMode.Machine;
        _mstatus = MachineStatus.Reset;
        _mip = 0;
        _softwareSeip = _externalSeip = false;
        _mie = _mideleg = _medeleg = _mtvec = _mepc = _mcause = _mtval = _mscratch = _menvcfg = 0;
        _stvec = _sepc = _scause = _stval = _sscratch = _senvcfg = _satp = 0;
        _mcounteren = _scounteren = _mcountinhibit = _frm = _fflags = 0;
        Array.Clear(_mhpmevent);
        ResetCounters();
        _pmp.Reset();
        _trapCause = TrapCause.None;
        _badAddress = 0;
    }

    /// <summary>Executes a CSR instruction; <see cref="_pc"/> is at it and moves on when it succeeds.</summary>
    /// <param name="record">The record; its immediate is the instruction word.</param>
    /// <returns><see langword="false"/> when the instruction is illegal.</returns>
    private bool ExecuteCsr(ulong record)
    {
        uint instruction = (uint)(record >> 32);
        int number = (int)(instruction >> 20);
        uint funct3 = instruction >> 12 & 7;
        uint rs1 = instruction >> 15 & 0x1f;
        bool isWrite = (funct3 & 3) == 1;
        bool writes = isWrite || rs1 != 0;
        if ((number >> 8 & 3) > (int)_mode || (writes && number >> 10 == 3))
            return false;
        ulong operand = funct3 >= 4 ? rs1 : _x[rs1];

        // Reads have no side effects here, so reading always is the check that the register exists and may be touched.
        if (!TryReadCsr(number, out ulong old))
            return false;

        // Setting or clearing no bits needs the right to write but writes nothing: FS, for one, does not become dirty.
        if (writes && (isWrite || operand != 0))
        {
            ulong basis = number == CsrNumber.Mip ? Volatile.Read(ref _mip) : old;
            ulong value = (funct3 & 3) switch { 1 => operand, 2 => basis | operand, _ => basis & ~operand };
            if (!TryWriteCsr(number, value, isWrite ? ulong.MaxValue : operand))
                return false;
        }

        _x[(byte)(record >> 8)] = old;
        _pc += 4;
        return true;
    }

    [SuppressMessage("Design", "MA0051:Method is too long", Justification = "A table of registers, two lines each.")]
    private bool TryReadCsr(int number, out ulong value)
    {
        value = 0;
        switch (number)
        {
            case CsrNumber.Fflags:
                value = _fflags;
                return IsFpuOn;
            case CsrNumber.Frm:
                value = _frm;
                return IsFpuOn;
            case CsrNumber.Fcsr:
                value = _frm << 5 | _fflags;
                return IsFpuOn;
            case CsrNumber.Cycle or CsrNumber.Time or CsrNumber.Instret:
                return TryReadUserCounter(number, out value);
            case CsrNumber.Sstatus:
                value = WithDirtySummary(_mstatus & MachineStatus.SupervisorReadableMask);
                return true;
            case CsrNumber.Sie:
                value = _mie & _mideleg;
                return true;
            case CsrNumber.Stvec:
                value = _stvec;
                return true;
            case CsrNumber.Scounteren:
                value = _scounteren;
                return true;
            case CsrNumber.Senvcfg:
                value = _senvcfg;
                return true;
            case CsrNumber.Sscratch:
                value = _sscratch;
                return true;
            case CsrNumber.Sepc:
                value = _sepc;
                return true;
            case CsrNumber.Scause:
                value = _scause;
                return true;
            case CsrNumber.Stval:
                value = _stval;
                return true;
            case CsrNumber.Sip:
                value = Volatile.Read(ref _mip) & _mideleg;
                return true;
            case CsrNumber.Satp:
                value = _satp;
                return !IsVirtualMemoryTrapped;
            default:
                return TryReadMachineCsr(number, out value);
        }
    }

    [SuppressMessage("Design", "MA0051:Method is too long", Justification = "A table of registers, two lines each.")]
    private bool TryReadMachineCsr(int number, out ulong value)
    {
        value = 0;
        switch (number)
        {
            case CsrNumber.Mstatus:
                value = WithDirtySummary(_mstatus);
                return true;
            case CsrNumber.Misa:
                value = MisaValue;
                return true;
            case CsrNumber.Medeleg:
                value = _medeleg;
                return true;
            case CsrNumber.Mideleg:
                value = _mideleg;
                return true;
            case CsrNumber.Mie:
                value = _mie;
                return true;
            case CsrNumber.Mtvec:
                value = _mtvec;
                return true;
            case CsrNumber.Mcounteren:
                value = _mcounteren;
                return true;
            case CsrNumber.Menvcfg:
                value = _menvcfg;
                return true;
            case CsrNumber.Mcountinhibit:
                value = _mcountinhibit;
                return true;
            case >= CsrNumber.Mhpmevent3 and <= CsrNumber.Mhpmevent31:
                value = _mhpmevent[number - CsrNumber.Mhpmevent3 + 3];
                return true;
            case CsrNumber.Mscratch:
                value = _mscratch;
                return true;
            case CsrNumber.Mepc:
                value = _mepc;
                return true;
            case CsrNumber.Mcause:
                value = _mcause;
                return true;
            case CsrNumber.Mtval:
                value = _mtval;
                return true;
            case CsrNumber.Mip:
                value = Volatile.Read(ref _mip);
                return true;
            case >= CsrNumber.Pmpcfg0 and <= CsrNumber.Pmpcfg15:
                return TryReadPmpConfiguration(number - CsrNumber.Pmpcfg0, out value);
            case >= CsrNumber.Pmpaddr0 and <= CsrNumber.Pmpaddr63:
                int entry = number - CsrNumber.Pmpaddr0;
                value = _pmp.Address[entry] & _model.PmpAddressMask;
                return entry < _model.PmpReadableCount;
            case CsrNumber.Mcycle:
                value = ReadCounter(0);
                return true;
            case CsrNumber.Minstret:
                value = ReadCounter(2);
                return true;
            case CsrNumber.Mvendorid or CsrNumber.Mimpid or CsrNumber.Mconfigptr:
                return true;
            case CsrNumber.Marchid:
                value = _model.ArchitectureId;
                return true;
            case CsrNumber.Mhartid:
                value = (ulong)Index;
                return true;
            default:
                return false;
        }
    }

    /// <summary>Writes a register.</summary>
    /// <param name="number">The register; not a read-only one.</param>
    /// <param name="value">The whole new value.</param>
    /// <param name="touched">Bits that the instruction can have changed: all for a plain write.</param>
    /// <returns><see langword="false"/> when the access is illegal.</returns>
    [SuppressMessage("Design", "MA0051:Method is too long", Justification = "A table of registers, two lines each.")]
    private bool TryWriteCsr(int number, ulong value, ulong touched)
    {
        switch (number)
        {
            case CsrNumber.Fflags:
                _fflags = (uint)value & 0x1f;
                return MarkFpuDirty();
            case CsrNumber.Frm:
                _frm = (uint)value & 7;
                return MarkFpuDirty();
            case CsrNumber.Fcsr:
                _fflags = (uint)value & 0x1f;
                _frm = (uint)value >> 5 & 7;
                return MarkFpuDirty();
            case CsrNumber.Sstatus:
                ulong writable = MachineStatus.SupervisorWritableMask | (_model.IsUserXlenWritable ? MachineStatus.Uxl : 0);
                WriteStatus((_mstatus & ~writable) | (value & writable));
                return true;
            case CsrNumber.Sie:
                _mie = (_mie & ~_mideleg) | (value & _mideleg & _model.InterruptEnableMask);
                RecheckInterrupts();
                return true;
            case CsrNumber.Stvec:
                _stvec = (value & 3) < 2 ? value : _stvec;
                return true;
            case CsrNumber.Scounteren:
                _scounteren = (uint)value & 7;
                return true;
            case CsrNumber.Senvcfg:
                _senvcfg = value & 0xf1;
                return true;
            case CsrNumber.Sscratch:
                _sscratch = value;
                return true;
            case CsrNumber.Sepc:
                _sepc = value & _model.ExceptionPcMask;
                return true;
            case CsrNumber.Scause:
                _scause = value;
                return true;
            case CsrNumber.Stval:
                _stval = value;
                return true;
            case CsrNumber.Sip:
                WritePending(value, touched & InterruptBits.SupervisorSoftware & _mideleg);
                return true;
            case CsrNumber.Satp:
                WriteSatp(value);
                return true;
            default:
                return TryWriteMachineCsr(number, value, touched);
        }
    }

    [SuppressMessage("Design", "MA0051:Method is too long", Justification = "A table of registers, two lines each.")]
    private bool TryWriteMachineCsr(int number, ulong value, ulong touched)
    {
        switch (number)
        {
            case CsrNumber.Mstatus:
                WriteStatus(value);
                return true;
            case CsrNumber.Misa:
                return true;
            case CsrNumber.Medeleg:
                _medeleg = value & _model.MachineExceptionDelegationMask;
                return true;
            case CsrNumber.Mideleg:
                _mideleg = value & _model.InterruptDelegationMask;
                RecheckInterrupts();
                return true;
            case CsrNumber.Mie:
                _mie = value & _model.InterruptEnableMask;
                RecheckInterrupts();
                return true;
            case CsrNumber.Mtvec:
                _mtvec = (value & 3) < 2 ? value : _mtvec;
                return true;
            case CsrNumber.Mcounteren:
                _mcounteren = (uint)value & 7;
                return true;
            case CsrNumber.Menvcfg:
                _menvcfg = value & _model.MachineEnvironmentMask;
                return true;
            case CsrNumber.Mcountinhibit:
                WriteCountInhibit((uint)value & CountersInhibitable);
                return true;
            case >= CsrNumber.Mhpmevent3 and <= CsrNumber.Mhpmevent31:
                _mhpmevent[number - CsrNumber.Mhpmevent3 + 3] = value & 0xf3ff_ffff_ffff_ffff;
                return true;
            case CsrNumber.Mscratch:
                _mscratch = value;
                return true;
            case CsrNumber.Mepc:
                _mepc = value & _model.ExceptionPcMask;
                return true;
            case CsrNumber.Mcause:
                _mcause = value;
                return true;
            case CsrNumber.Mtval:
                _mtval = value;
                return true;
            case CsrNumber.Mip:
                WritePending(value, touched & _model.InterruptDelegationMask);
                return true;
            case >= CsrNumber.Pmpcfg0 and <= CsrNumber.Pmpcfg15:
                return TryWritePmpConfiguration(number - CsrNumber.Pmpcfg0, value);
            case >= CsrNumber.Pmpaddr0 and <= CsrNumber.Pmpaddr63:
                WritePmpAddress(number - CsrNumber.Pmpaddr0, value);
                return true;
            case CsrNumber.Mcycle:
                WriteCounter(0, value);
                return true;
            case CsrNumber.Minstret:
                WriteCounter(2, value);
                return true;
            default:
                return false;
        }
    }

    private static ulong WithDirtySummary(ulong status) =>
        (status & MachineStatus.Fs) == MachineStatus.Fs ? status | MachineStatus.Sd : status;

    private bool IsVirtualMemoryTrapped => _mode == PrivilegeMode.Supervisor && (_mstatus & MachineStatus.Tvm) != 0;

    private void WriteStatus(ulong value)
    {
        ulong mask = MachineStatus.WritableMask | (_model.IsUserXlenWritable ? MachineStatus.Uxl : 0);
        if ((value & MachineStatus.Mpp) == 2UL << MachineStatus.MppShift)
            mask &= ~MachineStatus.Mpp;
        if ((value & MachineStatus.Uxl) == 0)
            mask &= ~MachineStatus.Uxl;
        ulong old = _mstatus;
        _mstatus = (old & ~mask) | (value & mask);
        if (((old ^ _mstatus) & MachineStatus.Mxr) != 0)
            FlushReadTlbs();
        SelectTlbs();
        RecheckInterrupts();
    }

    private void WritePending(ulong value, ulong mask)
    {
        if ((mask & InterruptBits.SupervisorExternal) != 0)
        {
            bool software = (value & InterruptBits.SupervisorExternal) != 0;
            Volatile.Write(ref _softwareSeip, software);
            if (!software && Volatile.Read(ref _externalSeip))
                mask &= ~InterruptBits.SupervisorExternal;
        }

        Interlocked.And(ref _mip, ~(mask & ~value));
        Interlocked.Or(ref _mip, value & mask);
        RecheckInterrupts();
    }

    private void WriteSatp(ulong value)
    {
        ulong mode = value >> 60;
        if (mode != 0 && (mode < 8 || mode > (ulong)_options.MaximumTranslationMode))
            return;
        if (value == _satp)
            return;
        _satp = value;
        FlushTranslations();
    }

    private bool TryReadPmpConfiguration(int register, out ulong value)
    {
        value = 0;
        int first = register * 4;
        if ((register & 1) != 0 || first >= _model.PmpReadableCount)
            return false;
        for (int i = 7; i >= 0; i--)
            value = value << 8 | _pmp.Configuration[first + i];
        return true;
    }

    private bool TryWritePmpConfiguration(int register, ulong value)
    {
        int first = register * 4;
        for (int i = 0; i < 8 && first + i < RiscVCpuModel.ImplementedPmpEntryCount; i++)
            _pmp.WriteConfiguration(first + i, (byte)((byte)(value >> (i * 8)) & _model.PmpConfigMask));
        _pmp.Update();
        FlushTranslations();
        return true;
    }

    private void WritePmpAddress(int entry, ulong value)
    {
        if (entry >= RiscVCpuModel.ImplementedPmpEntryCount)
            return;
        _pmp.WriteAddress(entry, value);
        _pmp.Update();
        FlushTranslations();
    }
}
