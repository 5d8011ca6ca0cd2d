namespace Godwit.Accel.RiscV;

/// <content>The privileged instructions.</content>
public sealed unsafe partial class Hart
{
    /// <summary>Executes a system instruction at <see cref="_pc"/> and leaves <see cref="_pc"/> at the next one, taking a trap if it must.</summary>
    private void ExecuteSystem(ulong record)
    {
        bool legal;
        switch ((byte)record)
        {
            case Op.Ecall:
                RaiseTrap(TrapCause.EcallFromUser + (uint)_mode, 0);
                TakePendingTrap();
                return;
            case Op.Ebreak:
                RaiseTrap(TrapCause.Breakpoint, _pc);
                TakePendingTrap();
                return;
            case Op.Mret:
                legal = ReturnFromMachine();
                break;
            case Op.Sret:
                legal = ReturnFromSupervisor();
                break;
            case Op.Wfi:
                legal = WaitForInterrupt();
                break;
            case Op.SfenceVma:
                legal = FenceTranslations();
                break;
            default:
                legal = ExecuteCsr(record);
                break;
        }

        if (legal)
            return;
        RaiseTrap(TrapCause.IllegalInstruction, (uint)(record >> 32));
        TakePendingTrap();
    }

    private bool WaitForInterrupt()
    {
        if (_mode == PrivilegeMode.User || (_mode == PrivilegeMode.Supervisor && (_mstatus & MachineStatus.Tw) != 0))
            return false;
        _pc += 4;
        if (!HasWakingInterrupt)
        {
            Volatile.Write(ref _halted, true);
            Volatile.Write(ref _attention, 1);
        }

        return true;
    }

    private bool FenceTranslations()
    {
        if (_mode == PrivilegeMode.User || IsVirtualMemoryTrapped)
            return false;
        FlushTranslations();
        _pc += 4;
        return true;
    }
}
