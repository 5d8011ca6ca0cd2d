using System.Globalization;
using Godwit.VmState;

namespace Godwit.Accel.RiscV;

/// <content>The hart's migration sections: from registers to <see cref="CpuState"/> and back, with all checks.</content>
public sealed unsafe partial class Hart
{
    private static readonly (char Letter, string On, string Off)[] _extensionOptions =
    [
        ('B', "b=on", "b=off,zba=off,zbb=off,zbs=off"), ('E', "e=on", "e=off"), ('G', "g=on", "g=off"), ('H', "h=on", "h=off"),
        ('J', "j=on", "j=off"), ('V', "v=on", "v=off"),
    ];

    // In menvcfg: STCE, PBMTE and ADUE.
    private const ulong ExtensionSwitches = 7UL << 61;

    private readonly CpuState _state;

    /// <summary>Gets a value indicating whether the board has a timer armed for this hart that has not fired.</summary>
    internal bool IsTimerArmed => _accelerator.IsTimerArmed?.Invoke(Index) ?? false;

    /// <summary>Registers the sections <c>cpu_common</c> and <c>cpu</c> of this hart, in this order.</summary>
    /// <param name="registry">The VM's registry.</param>
    public void RegisterState(VmStateRegistry registry)
    {
        ArgumentNullException.ThrowIfNull(registry);
        registry.RegisterVariants(
            profile => CpuDescriptions.Is11_1(profile) ? CpuDescriptions.Common11_1 : CpuDescriptions.Common10_0,
            [CpuDescriptions.Common10_0],
            _state,
            instanceId: (uint)Index);
        registry.RegisterVariants(
            profile => CpuDescriptions.Is11_1(profile) ? CpuDescriptions.Cpu11_1 : CpuDescriptions.Cpu10_0,
            [CpuDescriptions.Cpu10_0, CpuDescriptions.Cpu11_1],
            _state,
            instanceId: (uint)Index);
    }

    internal void Capture(CpuState s)
    {
        new ReadOnlySpan<ulong>(_x, 32).CopyTo(s.Gpr);
        new ReadOnlySpan<ulong>(_f, 32).CopyTo(s.Fpr);
        s.Halted = _halted ? 1u : 0u;
        s.Pc = _pc;
        s.LoadReservation = _loadReservation;
        s.LoadValue = _loadValue;
        s.Frm = _frm;
        s.BadAddress = _badAddress;
        s.Privilege = (ulong)_mode;
        s.ResetVector = _options.ResetVector;
        s.HartId = (ulong)Index;
        s.Mstatus = _mstatus;
        s.Mip = Volatile.Read(ref _mip);
        s.Mie = _mie;
        s.Mideleg = _mideleg;
        s.Satp = _satp;
        s.Stval = _stval;
        s.Medeleg = _medeleg;
        (s.Stvec, s.Sepc, s.Scause) = (_stvec, _sepc, _scause);
        (s.Mtvec, s.Mepc, s.Mcause, s.Mtval) = (_mtvec, _mepc, _mcause, _mtval);
        (s.Scounteren, s.Mcounteren, s.Mcountinhibit) = (_scounteren, _mcounteren, _mcountinhibit);
        for (int i = 0; i < s.Counters.Length; i++)
            (s.Counters[i].Value, s.Counters[i].Previous) = (_counterValue[i], _counterPrevious[i]);
        _mhpmevent.CopyTo(s.Events, 0);
        (s.Sscratch, s.Mscratch) = (_sscratch, _mscratch);
        for (int i = 0; i < s.Pmp.Length; i++)
            (s.Pmp[i].Address, s.Pmp[i].Configuration) = (_pmp.Address[i], _pmp.Configuration[i]);
        (s.Menvcfg, s.Senvcfg) = (_menvcfg, _senvcfg);
    }

    internal void ApplyHalted(bool halted) => Volatile.Write(ref _halted, halted);

    /// <summary>Checks a loaded state and makes it the hart's.</summary>
    /// <exception cref="VmStateException">The state is of a CPU that this one is not.</exception>
    internal void Apply(CpuState s, RiscVCpuModel model)
    {
        Check(s);
        CheckEnvironment(s.Menvcfg & ExtensionSwitches);
        s.Gpr.CopyTo(new Span<ulong>(_x, 32));
        _x[0] = 0;
        s.Fpr.CopyTo(new Span<ulong>(_f, 32));
        _model = model;
        _pc = s.Pc;
        (_loadReservation, _loadValue) = (s.LoadReservation, s.LoadValue);
        (_frm, _fflags) = ((uint)s.Frm, 0);
        _badAddress = s.BadAddress;
        _mode = (PrivilegeMode)s.Privilege;
        _mstatus = s.Mstatus & ~MachineStatus.Sd;
        (_softwareSeip, _externalSeip) = (false, false);
        Interlocked.Exchange(ref _mip, s.Mip);
        (_mie, _mideleg, _medeleg, _satp) = (s.Mie, s.Mideleg, s.Medeleg, s.Satp);
        (_stvec, _sepc, _scause, _stval, _sscratch) = (s.Stvec, s.Sepc, s.Scause, s.Stval, s.Sscratch);
        (_mtvec, _mepc, _mcause, _mtval, _mscratch) = (s.Mtvec, s.Mepc, s.Mcause, s.Mtval, s.Mscratch);
        (_scounteren, _mcounteren, _mcountinhibit) = (s.Scounteren, s.Mcounteren, s.Mcountinhibit);
        for (int i = 0; i < s.Counters.Length; i++)
            (_counterValue[i], _counterPrevious[i]) = (s.Counters[i].Value, s.Counters[i].Previous);
        s.Events.CopyTo(_mhpmevent, 0);
        for (int i = 0; i < s.Pmp.Length; i++)
            (_pmp.Address[i], _pmp.Configuration[i]) = (s.Pmp[i].Address, s.Pmp[i].Configuration);
        _pmp.Update();
        (_menvcfg, _senvcfg) = (s.Menvcfg, s.Senvcfg);
        _trapCause = TrapCause.None;
        FlushAll();
    }

    private void Check(CpuState s)
    {
        Require(s.MisaXlen == CpuSectionConstants.MisaXlen, "env.misa_mxl", CpuSectionConstants.MisaXlen, s.MisaXlen, "-cpu rv64");
        CheckExtensions("env.misa_ext", s.MisaExtensions);
        CheckExtensions("env.misa_ext_mask", s.MisaExtensionMask);
        Require(
            s.PrivilegedVersion == CpuSectionConstants.PrivilegedVersion,
            "env.priv_ver", CpuSectionConstants.PrivilegedVersion, s.PrivilegedVersion, "priv_spec=v1.12.0");
        Require(!s.IsVirtual, "env.virt_enabled", 0, 1, "h=off");
        Require(s.HartId == (ulong)Index, "env.mhartid", (ulong)Index, s.HartId, "the same -smp on both sides");
        Require(s.Frm <= 7, "env.frm", 7, s.Frm, option: null);
        if (s.Privilege is not (0 or 1 or 3))
            throw new VmStateException("env.priv is no privilege mode", "0, 1 or 3", Text(s.Privilege));
        if (!s.HasPmp)
            throw new VmStateException("the source's CPU has no physical memory protection; start the source with pmp=on in its -cpu option");
        if (!s.HasEnvironmentConfiguration)
            throw new VmStateException("subsection cpu/envcfg is missing; start the source with priv_spec=v1.12.0 in its -cpu option");
        ulong mode = s.Satp >> 60;
        if (mode != 0 && (mode < 8 || mode > (ulong)_options.MaximumTranslationMode))
        {
            throw new VmStateException(
                "env.satp uses a translation mode that this CPU has not; start the source with sv39=on in its -cpu option",
                $"mode 0 or 8 to {_options.MaximumTranslationMode}", Text(mode));
        }
    }

    /// <summary>Firmware has switched on what this CPU has not: the guest relies on it.</summary>
    private static void CheckEnvironment(ulong on)
    {
        if (on == 0)
            return;
        var options = new List<string>();
        if ((on >> 63 & 1) != 0)
            options.Add("sstc=off");
        if ((on >> 62 & 1) != 0)
            options.Add("svpbmt=off");
        if ((on >> 61 & 1) != 0)
            options.Add("svadu=off");
        throw new VmStateException($"env.menvcfg is of another CPU; start the source with {string.Join(',', options)} in its -cpu option", "0", $"0x{on:x}");
    }

    private static void CheckExtensions(string field, uint found)
    {
        uint difference = found ^ CpuSectionConstants.MisaExtensions;
        if (difference == 0)
            return;
        var options = new List<string>();
        for (int bit = 0; bit < 32; bit++)
        {
            if ((difference >> bit & 1) == 0)
                continue;
            var letter = (char)('A' + bit);
            bool present = (found >> bit & 1) != 0;
            (char Letter, string On, string Off) known = Array.Find(_extensionOptions, option => option.Letter == letter);
            string lower = char.ToLowerInvariant(letter).ToString();
            options.Add(present ? known.Off ?? lower + "=off" : known.On ?? lower + "=on");
        }

        throw new VmStateException(
            $"{field} is of another CPU; start the source with {string.Join(',', options)} in its -cpu option",
            $"0x{CpuSectionConstants.MisaExtensions:x}", $"0x{found:x}");
    }

    private static void Require(bool condition, string field, ulong expected, ulong found, string? option)
    {
        if (condition)
            return;
        string advice = option is null ? string.Empty : $"; start the source with {option}";
        throw new VmStateException($"{field} does not fit this CPU{advice}", Text(expected), Text(found));
    }

    private static string Text(ulong value) => value.ToString(CultureInfo.InvariantCulture);
}
