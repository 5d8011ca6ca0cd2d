namespace Godwit.Accel.RiscV;

/// <summary>
/// What the sections <c>cpu_common</c> and <c>cpu</c> say about one hart: a copy in the field's own terms, filled before saving and applied
/// after loading.
/// </summary>
/// <remarks>
/// Fields that the contract CPU has no use for are kept as they were loaded, so that a guest that passes through leaves with the bytes it
/// came with. Layouts: docs/formats/cpu-section.md.
/// </remarks>
internal sealed class CpuState
{
    internal const uint InterruptRequestHard = 2;
    private const ulong MiclaimReset = 0x1000;

    internal CpuState(Hart hart)
    {
        Hart = hart;
        Reset();
    }

    internal Hart Hart { get; }

    // cpu_common
    internal uint Halted;
    internal uint InterruptRequest;
    internal int ExceptionIndex;
    internal bool CrashOccurred;

    // cpu, in wire order
    internal readonly ulong[] Gpr = new ulong[32];
    internal readonly ulong[] Fpr = new ulong[32];
    internal readonly byte[] Miprio = new byte[64];
    internal readonly byte[] Siprio = new byte[64];
    internal ulong Pc;
    internal ulong LoadReservation;
    internal ulong LoadValue;
    internal ulong Frm;
    internal ulong BadAddress;
    internal ulong GuestPhysicalFaultAddress;
    internal ulong PrivilegedVersion;
    internal ulong VectorVersion;
    internal uint MisaXlen;
    internal uint MisaExtensions;
    internal uint MisaExtensionMask;
    internal ulong Privilege;
    internal bool IsVirtual;
    internal ulong ResetVector;
    internal ulong HartId;
    internal ulong Mstatus;
    internal ulong Mip;
    internal ulong Miclaim;
    internal ulong Mie;
    internal ulong Mvien;
    internal ulong Mvip;
    internal ulong Sie;
    internal ulong Mideleg;
    internal ulong Satp;
    internal ulong Stval;
    internal ulong Medeleg;
    internal ulong Stvec;
    internal ulong Sepc;
    internal ulong Scause;
    internal ulong Mtvec;
    internal ulong Mepc;
    internal ulong Mcause;
    internal ulong Mtval;
    internal ulong Miselect;
    internal ulong Siselect;
    internal uint Scounteren;
    internal uint Mcounteren;
    internal uint Scountinhibit;
    internal uint Mcountinhibit;
    internal readonly CounterPair[] Counters = [.. Enumerable.Range(0, 32).Select(_ => new CounterPair())];
    internal readonly ulong[] Events = new ulong[32];
    internal readonly ulong[] EventsHigh = new ulong[32];
    internal ulong Sscratch;
    internal ulong Mscratch;
    internal ulong Stimecmp;

    // cpu/pmp
    internal readonly PmpEntryState[] Pmp = [.. Enumerable.Range(0, RiscV.Pmp.MaximumEntryCount).Select(_ => new PmpEntryState())];
    internal bool HasPmp;

    // cpu/envcfg
    internal ulong Menvcfg;
    internal ulong Senvcfg;
    internal ulong Henvcfg;
    internal bool HasEnvironmentConfiguration;

    /// <summary>Sets what the hart does not hold itself to the values of a CPU that was just reset.</summary>
    internal void Reset()
    {
        System.Convert.FromHexString(CpuSectionConstants.MachinePriorities).CopyTo(Miprio, 0);
        System.Convert.FromHexString(CpuSectionConstants.SupervisorPriorities).CopyTo(Siprio, 0);
        BadAddress = GuestPhysicalFaultAddress = 0;
        PrivilegedVersion = CpuSectionConstants.PrivilegedVersion;
        MisaXlen = CpuSectionConstants.MisaXlen;
        MisaExtensions = MisaExtensionMask = CpuSectionConstants.MisaExtensions;
        IsVirtual = false;
        Miclaim = MiclaimReset;
        Mvien = Mvip = Sie = Miselect = Siselect = Stimecmp = Henvcfg = 0;
        Scountinhibit = 0;
        ExceptionIndex = 0;
        CrashOccurred = false;
    }

    /// <summary>Takes the hart's registers, for a peer of the given model.</summary>
    /// <param name="model">The CPU facts of the peer that will read it.</param>
    /// <param name="raiseArmedTimer">Whether an armed timer has to show as a pending timer interrupt, because the peer loses armed timers.</param>
    internal void Capture(RiscVCpuModel model, bool raiseArmedTimer)
    {
        Hart.Capture(this);
        VectorVersion = model.VectorVersion;
        if (raiseArmedTimer)
            Mip |= InterruptBits.MachineTimer;
        InterruptRequest = Mip != 0 ? InterruptRequestHard : 0;
    }
}
