using System.Globalization;
using System.Text;

namespace Godwit.Accel.RiscV;

/// <content>The registers as text.</content>
public sealed unsafe partial class Hart
{
    private static readonly string[] _registerNames =
    [
        "zero", "ra", "sp", "gp", "tp", "t0", "t1", "t2", "s0", "s1", "a0", "a1", "a2", "a3", "a4", "a5",
        "a6", "a7", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "t3", "t4", "t5", "t6",
    ];

    /// <inheritdoc/>
    public string DumpRegisters()
    {
        var text = new StringBuilder(4096);
        Line(text, "pc", _pc);
        Line(text, "mode", (ulong)_mode);
        foreach ((string name, ulong value) in ListCsrs())
            Line(text, name, value);
        for (int i = 0; i < 32; i++)
        {
            text.Append(string.Create(CultureInfo.InvariantCulture, $" x{i}/{_registerNames[i]}").PadRight(11)).Append(Hex(_x[i]));
            text.Append((i & 3) == 3 ? '\n' : ' ');
        }

        for (int i = 0; i < 32; i++)
        {
            text.Append(string.Create(CultureInfo.InvariantCulture, $" f{i}").PadRight(11)).Append(Hex(_f[i]));
            text.Append((i & 3) == 3 ? '\n' : ' ');
        }

        return text.ToString();
    }

    private IEnumerable<(string Name, ulong Value)> ListCsrs() =>
    [
        ("mhartid", (ulong)Index), ("mstatus", WithDirtySummary(_mstatus)), ("mip", Volatile.Read(ref _mip)), ("mie", _mie),
        ("mideleg", _mideleg), ("medeleg", _medeleg), ("mtvec", _mtvec), ("mepc", _mepc), ("mcause", _mcause), ("mtval", _mtval),
        ("mscratch", _mscratch), ("stvec", _stvec), ("sepc", _sepc), ("scause", _scause), ("stval", _stval), ("sscratch", _sscratch),
        ("satp", _satp),
    ];

    private static void Line(StringBuilder text, string name, ulong value) =>
        text.Append(' ').Append(name.PadRight(9)).Append(Hex(value)).Append('\n');

    private static string Hex(ulong value) => value.ToString("x16", CultureInfo.InvariantCulture);
}
