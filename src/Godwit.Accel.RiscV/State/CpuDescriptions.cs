using Godwit.VmState;

namespace Godwit.Accel.RiscV;

/// <summary>The tables of the sections <c>cpu_common</c> and <c>cpu</c>, one set per peer version, in wire order.</summary>
/// <remarks>docs/formats/cpu-section.md has the same tables with byte offsets.</remarks>
internal static class CpuDescriptions
{
    private static readonly VmStateDescription<PmpEntryState> _pmpEntry10 = DescribePmpEntry(1);
    private static readonly VmStateDescription<PmpEntryState> _pmpEntry11 = DescribePmpEntry(2);

    internal static VmStateDescription<CpuState> Common10_0 { get; } = DescribeCommon(RiscVCpuModel.Qemu10_0, losesTimers: true);

    internal static VmStateDescription<CpuState> Common11_1 { get; } = DescribeCommon(RiscVCpuModel.Qemu11_1, losesTimers: false);

    internal static VmStateDescription<CpuState> Cpu10_0 { get; } =
        new("cpu", CpuSectionConstants.Version10_0, CpuSectionConstants.Version10_0)
        {
            Fields =
            [
                .. RegisterFields(),
                Field.UInt64<CpuState>("env.frm", s => ref s.Frm),
                .. FaultFields(),
                Field.UInt64<CpuState>("env.priv_ver", s => ref s.PrivilegedVersion),
                Field.UInt64<CpuState>("env.vext_ver", s => ref s.VectorVersion),
                .. MisaFields(),
                Field.UInt64<CpuState>("env.priv", s => ref s.Privilege),
                .. PrivilegedFields(),
                Field.UInt64<CpuState>("env.miselect", s => ref s.Miselect),
                Field.UInt64<CpuState>("env.siselect", s => ref s.Siselect),
                .. CounterControlFields(),
                Field.StructArray<CpuState, CounterPair>("env.pmu_ctrs", s => s.Counters, new("cpu/pmu", 2, 2)
                {
                    Fields =
                    [
                        Field.UInt64<CounterPair>("mhpmcounter_val", c => ref c.Value),
                        Field.UInt64<CounterPair>("mhpmcounterh_val", c => ref c.ValueHigh),
                        Field.UInt64<CounterPair>("mhpmcounter_prev", c => ref c.Previous),
                        Field.UInt64<CounterPair>("mhpmcounterh_prev", c => ref c.PreviousHigh),
                    ],
                }),
                Field.UInt64Array<CpuState>("env.mhpmevent_val", s => s.Events),
                Field.UInt64Array<CpuState>("env.mhpmeventh_val", s => s.EventsHigh),
                .. ScratchFields(),
            ],
            Subsections =
            [
                DescribePmp(1, RiscVCpuModel.Qemu10_0, _pmpEntry10),
                DescribeEnvironment(1),
                .. UnsupportedSubsections.All,
            ],
            PreSave = s => CaptureCpu(s, RiscVCpuModel.Qemu10_0, losesTimers: true),
            PreLoad = BeginLoad,
            PostLoad = (s, _) => s.Hart.Apply(s, RiscVCpuModel.Qemu10_0),
        };

    internal static VmStateDescription<CpuState> Cpu11_1 { get; } =
        new("cpu", CpuSectionConstants.Version11_1, CpuSectionConstants.Version11_1)
        {
            Fields =
            [
                .. RegisterFields(),
                Field.UInt8<CpuState>("env.frm", s => (byte)s.Frm, (s, v) => s.Frm = v),
                .. FaultFields(),
                Field.UInt32<CpuState>("env.priv_ver", s => (uint)s.PrivilegedVersion, (s, v) => s.PrivilegedVersion = v),
                Field.UInt32<CpuState>("env.vext_ver", s => (uint)s.VectorVersion, (s, v) => s.VectorVersion = v),
                .. MisaFields(),
                Field.UInt8<CpuState>("env.priv", s => (byte)s.Privilege, (s, v) => s.Privilege = v),
                .. PrivilegedFields(),
                Field.UInt16<CpuState>("env.miselect", s => (ushort)s.Miselect, (s, v) => s.Miselect = v),
                Field.UInt16<CpuState>("env.siselect", s => (ushort)s.Siselect, (s, v) => s.Siselect = v),
                .. CounterControlFields(),
                Field.StructArray<CpuState, CounterPair>("env.pmu_ctrs", s => s.Counters, new("cpu/pmu", 3, 3)
                {
                    Fields =
                    [
                        Field.UInt64<CounterPair>("mhpmcounter_val", c => ref c.Value),
                        Field.UInt64<CounterPair>("mhpmcounter_prev", c => ref c.Previous),
                    ],
                }),
                Field.UInt64Array<CpuState>("env.mhpmevent_val", s => s.Events),
                .. ScratchFields(),
            ],
            Subsections =
            [
                DescribePmp(2, RiscVCpuModel.Qemu11_1, _pmpEntry11),
                DescribeEnvironment(2),
                .. UnsupportedSubsections.All,
            ],
            PreSave = s => CaptureCpu(s, RiscVCpuModel.Qemu11_1, losesTimers: false),
            PreLoad = BeginLoad,
            PostLoad = (s, _) => s.Hart.Apply(s, RiscVCpuModel.Qemu11_1),
        };

    internal static bool Is11_1(PeerProfile profile) => profile.Release >= PeerProfile.Qemu11_1.Release;

    private static IEnumerable<VmStateField<CpuState>> RegisterFields() =>
    [
        Field.UInt64Array<CpuState>("env.gpr", s => s.Gpr),
        Field.UInt64Array<CpuState>("env.fpr", s => s.Fpr),
        Field.UInt8Array<CpuState>("env.miprio", s => s.Miprio),
        Field.UInt8Array<CpuState>("env.siprio", s => s.Siprio),
        Field.UInt64<CpuState>("env.pc", s => ref s.Pc),
        Field.UInt64<CpuState>("env.load_res", s => ref s.LoadReservation),
        Field.UInt64<CpuState>("env.load_val", s => ref s.LoadValue),
    ];

    private static IEnumerable<VmStateField<CpuState>> FaultFields() =>
    [
        Field.UInt64<CpuState>("env.badaddr", s => ref s.BadAddress),
        Field.UInt64<CpuState>("env.guest_phys_fault_addr", s => ref s.GuestPhysicalFaultAddress),
    ];

    private static IEnumerable<VmStateField<CpuState>> MisaFields() =>
    [
        Field.UInt32<CpuState>("env.misa_mxl", s => ref s.MisaXlen),
        Field.UInt32<CpuState>("env.misa_ext", s => ref s.MisaExtensions),
        Field.Unused<CpuState>(4),
        Field.UInt32<CpuState>("env.misa_ext_mask", s => ref s.MisaExtensionMask),
    ];

    private static IEnumerable<VmStateField<CpuState>> PrivilegedFields() =>
    [
        Field.Bool<CpuState>("env.virt_enabled", s => ref s.IsVirtual),
        Field.UInt64<CpuState>("env.resetvec", s => ref s.ResetVector),
        Field.UInt64<CpuState>("env.mhartid", s => ref s.HartId),
        Field.UInt64<CpuState>("env.mstatus", s => ref s.Mstatus),
        Field.UInt64<CpuState>("env.mip", s => ref s.Mip),
        Field.UInt64<CpuState>("env.miclaim", s => ref s.Miclaim),
        Field.UInt64<CpuState>("env.mie", s => ref s.Mie),
        Field.UInt64<CpuState>("env.mvien", s => ref s.Mvien),
        Field.UInt64<CpuState>("env.mvip", s => ref s.Mvip),
        Field.UInt64<CpuState>("env.sie", s => ref s.Sie),
        Field.UInt64<CpuState>("env.mideleg", s => ref s.Mideleg),
        Field.UInt64<CpuState>("env.satp", s => ref s.Satp),
        Field.UInt64<CpuState>("env.stval", s => ref s.Stval),
        Field.UInt64<CpuState>("env.medeleg", s => ref s.Medeleg),
        Field.UInt64<CpuState>("env.stvec", s => ref s.Stvec),
        Field.UInt64<CpuState>("env.sepc", s => ref s.Sepc),
        Field.UInt64<CpuState>("env.scause", s => ref s.Scause),
        Field.UInt64<CpuState>("env.mtvec", s => ref s.Mtvec),
        Field.UInt64<CpuState>("env.mepc", s => ref s.Mepc),
        Field.UInt64<CpuState>("env.mcause", s => ref s.Mcause),
        Field.UInt64<CpuState>("env.mtval", s => ref s.Mtval),
    ];

    private static IEnumerable<VmStateField<CpuState>> CounterControlFields() =>
    [
        Field.UInt32<CpuState>("env.scounteren", s => ref s.Scounteren),
        Field.UInt32<CpuState>("env.mcounteren", s => ref s.Mcounteren),
        Field.UInt32<CpuState>("env.scountinhibit", s => ref s.Scountinhibit),
        Field.UInt32<CpuState>("env.mcountinhibit", s => ref s.Mcountinhibit),
    ];

    private static IEnumerable<VmStateField<CpuState>> ScratchFields() =>
    [
        Field.UInt64<CpuState>("env.sscratch", s => ref s.Sscratch),
        Field.UInt64<CpuState>("env.mscratch", s => ref s.Mscratch),
        Field.UInt64<CpuState>("env.stimecmp", s => ref s.Stimecmp),
    ];

    private static VmStateDescription<CpuState> DescribeCommon(RiscVCpuModel model, bool losesTimers) => new("cpu_common", 1, 1)
    {
        Fields =
        [
            Field.UInt32<CpuState>("halted", s => ref s.Halted),
            Field.UInt32<CpuState>("interrupt_request", s => ref s.InterruptRequest),
        ],
        Subsections =
        [
            new("cpu_common/exception_index", 1, 1)
            {
                Fields = [Field.Int32<CpuState>("exception_index", s => ref s.ExceptionIndex)],
                Needed = _ => false,
            },
            new("cpu_common/crash_occurred", 1, 1)
            {
                Fields = [Field.Bool<CpuState>("crash_occurred", s => ref s.CrashOccurred)],
                Needed = s => s.CrashOccurred,
            },
        ],
        PreSave = s => CaptureCpu(s, model, losesTimers),
        PostLoad = (s, _) => s.Hart.ApplyHalted(s.Halted != 0),
    };

    private static VmStateDescription<PmpEntryState> DescribePmpEntry(uint version) => new("cpu/pmp/entry", version, version)
    {
        Fields =
        [
            Field.UInt64<PmpEntryState>("addr_reg", e => ref e.Address),
            Field.UInt8<PmpEntryState>("cfg_reg", e => ref e.Configuration),
        ],
    };

    private static VmStateDescription<CpuState> DescribePmp(
        uint version, RiscVCpuModel model, VmStateDescription<PmpEntryState> entry) => new("cpu/pmp", version, version)
        {
            Fields =
        [
            Field.StructArray<CpuState, PmpEntryState>(
                "env.pmp_state.pmp", s => new ArraySegment<PmpEntryState>(s.Pmp, 0, model.PmpEntryCount), entry),
        ],
            PreSave = s => RequireUnused(s, model.PmpEntryCount),
            PostLoad = (s, _) => s.HasPmp = true,
        };

    private static VmStateDescription<CpuState> DescribeEnvironment(uint version) => new("cpu/envcfg", version, version)
    {
        Fields =
        [
            Field.UInt64<CpuState>("env.menvcfg", s => ref s.Menvcfg),
            Field.UInt64<CpuState>("env.senvcfg", s => ref s.Senvcfg),
            Field.UInt64<CpuState>("env.henvcfg", s => ref s.Henvcfg),
        ],
        PostLoad = (s, _) => s.HasEnvironmentConfiguration = true,
    };

    private static void CaptureCpu(CpuState state, RiscVCpuModel model, bool losesTimers) =>
        state.Capture(model, losesTimers && state.Hart.IsTimerArmed);

    private static void BeginLoad(CpuState state)
    {
        state.HasPmp = false;
        state.HasEnvironmentConfiguration = false;
        foreach (PmpEntryState entry in state.Pmp)
        {
            entry.Address = 0;
            entry.Configuration = 0;
        }

        foreach (CounterPair counter in state.Counters)
            counter.ValueHigh = counter.PreviousHigh = 0;
        Array.Clear(state.EventsHigh);
    }

    private static void RequireUnused(CpuState state, int entryCount)
    {
        for (int i = entryCount; i < state.Pmp.Length; i++)
        {
            if (state.Pmp[i].Address != 0 || state.Pmp[i].Configuration != 0)
                throw new VmStateException($"PMP entry {i} is in use, but the peer has only {entryCount}");
        }
    }
}
