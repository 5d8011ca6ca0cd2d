using System.Collections.Frozen;

namespace Godwit.Machine;

/// <summary>Names of the integer registers and of the control and status registers that the assembler knows.</summary>
internal static class RiscVRegisters
{
    private static readonly string[] _abiNames =
    [
        "zero", "ra", "sp", "gp", "tp", "t0", "t1", "t2", "s0", "s1", "a0", "a1", "a2", "a3", "a4", "a5",
        "a6", "a7", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "t3", "t4", "t5", "t6",
    ];

    private static readonly FrozenDictionary<string, int> _registers = BuildRegisters();

    /// <summary>Numbers in hexadecimal.</summary>
    private const string CsrRows = """
        fflags=001 frm=002 fcsr=003 cycle=c00 time=c01 instret=c02 sstatus=100 sie=104 stvec=105 scounteren=106 senvcfg=10a
        sscratch=140 sepc=141 scause=142 stval=143 sip=144 satp=180 mvendorid=f11 marchid=f12 mimpid=f13 mhartid=f14
        mconfigptr=f15 mstatus=300 misa=301 medeleg=302 mideleg=303 mie=304 mtvec=305 mcounteren=306 menvcfg=30a
        mcountinhibit=320 mscratch=340 mepc=341 mcause=342 mtval=343 mip=344 pmpcfg0=3a0 pmpcfg2=3a2 pmpaddr0=3b0 pmpaddr1=3b1
        pmpaddr2=3b2 pmpaddr3=3b3 mcycle=b00 minstret=b02
        """;

    private static readonly FrozenDictionary<string, long> _csrs = CsrRows
        .Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries)
        .Select(pair => pair.Split('='))
        .ToFrozenDictionary(pair => pair[0], pair => Convert.ToInt64(pair[1], 16), StringComparer.Ordinal);

    public static bool TryGetRegister(string name, out int number) => _registers.TryGetValue(name, out number);

    public static bool TryGetCsr(string name, out long number) => _csrs.TryGetValue(name, out number);

    private static FrozenDictionary<string, int> BuildRegisters()
    {
        var all = new Dictionary<string, int>(StringComparer.Ordinal) { ["fp"] = 8 };
        for (int i = 0; i < 32; i++)
        {
            all[_abiNames[i]] = i;
            all[FormattableString.Invariant($"x{i}")] = i;
        }

        return all.ToFrozenDictionary(StringComparer.Ordinal);
    }
}
