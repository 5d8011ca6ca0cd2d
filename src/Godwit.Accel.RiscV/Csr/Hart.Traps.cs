using System.Numerics;

namespace Godwit.Accel.RiscV;

/// <content>Traps, interrupts and the returns from them.</content>
public sealed unsafe partial class Hart
{
    private const ulong InterruptCause = 1UL << 63;

    private uint _trapCause = TrapCause.None;
    private ulong _trapValue;

    // The address of the last memory access that trapped. The peers report it, stale, as the value of an MRET that memory protection forbids.
    private ulong _badAddress;

    /// <summary>Notes a synchronous exception; the interpreter takes it after the failed helper returns.</summary>
    private void RaiseTrap(uint cause, ulong value)
    {
        _trapCause = cause;
        _trapValue = value;
        if (cause is not (TrapCause.IllegalInstruction or (>= TrapCause.EcallFromUser and <= TrapCause.EcallFromMachine)))
            _badAddress = value;
    }

    /// <summary>Takes the noted exception, if there is one, with <see cref="_pc"/> at the instruction.</summary>
    private void TakePendingTrap()
    {
        uint cause = _trapCause;
        if (cause == TrapCause.None)
            return;
        _trapCause = TrapCause.None;
        bool delegated = _mode != PrivilegeMode.Machine && (_medeleg >> (int)cause & 1) != 0;
        EnterTrap(cause, _trapValue, delegated);
    }

    /// <summary>Takes the most urgent interrupt that is pending and enabled, if any, before the instruction at <see cref="_pc"/>.</summary>
    private void TakeInterrupt()
    {
        ulong set = FindDeliverableInterrupts(out bool delegated);
        if (set == 0)
            return;

        // Inside a set the lowest-numbered bit is taken: what the peers do, not the order of the privileged manual.
        int number = BitOperations.TrailingZeroCount(set);
        EnterTrap(InterruptCause | (uint)number, 0, delegated);
    }

    private ulong FindDeliverableInterrupts(out bool delegated)
    {
        ulong pending = Volatile.Read(ref _mip) & _mie;
        delegated = false;
        if (pending == 0)
            return 0;
        ulong machine = pending & ~_mideleg;
        if (machine != 0 && (_mode != PrivilegeMode.Machine || (_mstatus & MachineStatus.Mie) != 0))
            return machine;
        delegated = true;
        ulong supervisor = pending & _mideleg;
        bool enabled = _mode == PrivilegeMode.User || (_mode == PrivilegeMode.Supervisor && (_mstatus & MachineStatus.Sie) != 0);
        return enabled ? supervisor : 0;
    }

    /// <summary>After a change of what is pending or enabled: leaves the interpreter if an interrupt has to be taken.</summary>
    private void RecheckInterrupts()
    {
        if (FindDeliverableInterrupts(out _) != 0)
            Volatile.Write(ref _attention, 1);
    }

    private void EnterTrap(ulong cause, ulong value, bool toSupervisor)
    {
        ulong vector;
        ulong status = _mstatus;
        _loadReservation = NoReservation;
        if (toSupervisor)
        {
            _scause = cause;
            _sepc = _pc;
            _stval = value;
            ulong enabled = (status & MachineStatus.Sie) != 0 ? MachineStatus.Spie : 0;
            status &= ~(MachineStatus.Sie | MachineStatus.Spie | MachineStatus.Spp);
            _mstatus = status | enabled | ((ulong)_mode << MachineStatus.SppShift);
            vector = _stvec;
            _mode = PrivilegeMode.Supervisor;
        }
        else
        {
            _mcause = cause;
            _mepc = _pc;
            _mtval = value;
            ulong enabled = (status & MachineStatus.Mie) != 0 ? MachineStatus.Mpie : 0;
            status &= ~(MachineStatus.Mie | MachineStatus.Mpie | MachineStatus.Mpp);
            _mstatus = status | enabled | ((ulong)_mode << MachineStatus.MppShift);
            vector = _mtvec;
            _mode = PrivilegeMode.Machine;
        }

        _pc = vector & ~3UL;
        if ((cause & InterruptCause) != 0 && (vector & 3) == 1)
            _pc += 4 * (cause & 0x3f);
        SelectTlbs();
    }

    private bool ReturnFromMachine()
    {
        if (_mode != PrivilegeMode.Machine)
            return false;
        ulong status = _mstatus;
        var previous = (PrivilegeMode)(status >> MachineStatus.MppShift & 3);

        // Without any protection entry nothing could be fetched there; the peers let the MRET itself fault.
        if (previous != PrivilegeMode.Machine && !_pmp.HasEntries)
        {
            RaiseTrap(TrapCause.FetchAccess, _badAddress);
            TakePendingTrap();
            return true;
        }

        ulong enabled = (status & MachineStatus.Mpie) != 0 ? MachineStatus.Mie : 0;
        status = (status & ~(MachineStatus.Mie | MachineStatus.Mpp)) | enabled | MachineStatus.Mpie;
        if (previous != PrivilegeMode.Machine)
            status &= ~MachineStatus.Mprv;
        FinishReturn(status, previous, _mepc);
        return true;
    }

    private bool ReturnFromSupervisor()
    {
        if (_mode == PrivilegeMode.User || (_mode == PrivilegeMode.Supervisor && (_mstatus & MachineStatus.Tsr) != 0))
            return false;
        ulong status = _mstatus;
        PrivilegeMode previous = (status & MachineStatus.Spp) != 0 ? PrivilegeMode.Supervisor : PrivilegeMode.User;
        ulong enabled = (status & MachineStatus.Spie) != 0 ? MachineStatus.Sie : 0;
        status = (status & ~(MachineStatus.Sie | MachineStatus.Spp | MachineStatus.Mprv)) | enabled | MachineStatus.Spie;
        FinishReturn(status, previous, _sepc);
        return true;
    }

    private void FinishReturn(ulong status, PrivilegeMode mode, ulong target)
    {
        _mstatus = status;
        _mode = mode;
        _loadReservation = NoReservation;
        _pc = target & ~1UL;
        SelectTlbs();
        RecheckInterrupts();
    }
}
