using System.Collections.Frozen;
using System.Globalization;

namespace Godwit.Machine;

/// <summary>Instructions that stand for one or more others: <c>li</c>, <c>la</c>, <c>mv</c>, <c>beqz</c> and the like.</summary>
internal static class PseudoInstructions
{
    /// <summary>Left: name and number of operands. Right: the replacement, operands as {0}, {1}, {2}.</summary>
    private const string Rows = """
        nop/0 = addi x0, x0, 0
        mv/2 = addi {0}, {1}, 0
        not/2 = xori {0}, {1}, -1
        neg/2 = sub {0}, x0, {1}
        negw/2 = subw {0}, x0, {1}
        sext.w/2 = addiw {0}, {1}, 0
        zext.b/2 = andi {0}, {1}, 255
        seqz/2 = sltiu {0}, {1}, 1
        snez/2 = sltu {0}, x0, {1}
        sltz/2 = slt {0}, {1}, x0
        sgtz/2 = slt {0}, x0, {1}
        beqz/2 = beq {0}, x0, {1}
        bnez/2 = bne {0}, x0, {1}
        blez/2 = bge x0, {0}, {1}
        bgez/2 = bge {0}, x0, {1}
        bltz/2 = blt {0}, x0, {1}
        bgtz/2 = blt x0, {0}, {1}
        bgt/3 = blt {1}, {0}, {2}
        ble/3 = bge {1}, {0}, {2}
        bgtu/3 = bltu {1}, {0}, {2}
        bleu/3 = bgeu {1}, {0}, {2}
        j/1 = jal x0, {0}
        jal/1 = jal ra, {0}
        call/1 = jal ra, {0}
        tail/1 = jal x0, {0}
        jr/1 = jalr x0, 0({0})
        jalr/1 = jalr ra, 0({0})
        ret/0 = jalr x0, 0(ra)
        fence/0 = fence iorw, iorw
        csrr/2 = csrrs {0}, {1}, x0
        csrw/2 = csrrw x0, {0}, {1}
        csrs/2 = csrrs x0, {0}, {1}
        csrc/2 = csrrc x0, {0}, {1}
        csrwi/2 = csrrwi x0, {0}, {1}
        csrsi/2 = csrrsi x0, {0}, {1}
        csrci/2 = csrrci x0, {0}, {1}
        rdcycle/1 = csrrs {0}, cycle, x0
        rdtime/1 = csrrs {0}, time, x0
        rdinstret/1 = csrrs {0}, instret, x0
        sfence.vma/0 = sfence.vma x0, x0
        sfence.vma/1 = sfence.vma {0}, x0
        """;

    private static readonly FrozenDictionary<string, string> _templates = Rows
        .Split('\n', StringSplitOptions.RemoveEmptyEntries)
        .Select(row => row.Trim().Split(" = "))
        .ToFrozenDictionary(sides => sides[0], sides => sides[1], StringComparer.Ordinal);

    /// <summary>Replaces a pseudo instruction; false when the name with that many operands is none.</summary>
    /// <param name="mnemonic">Name as written.</param>
    /// <param name="operands">Operands as written.</param>
    /// <param name="address">Address of the first instruction of the replacement.</param>
    /// <param name="evaluate">Evaluates an operand that must be known at this point (<c>li</c>).</param>
    /// <param name="expansion">The replacement lines.</param>
    public static bool TryExpand(
        string mnemonic, IReadOnlyList<string> operands, ulong address, Func<string, long> evaluate, out IReadOnlyList<string> expansion)
    {
        switch (mnemonic, operands.Count)
        {
            case ("li", 2):
                var lines = new List<string>();
                LoadImmediate(operands[0], evaluate(operands[1]), lines);
                expansion = lines;
                return true;
            case ("la", 2):
                string distance = string.Create(CultureInfo.InvariantCulture, $"({operands[1]})-{address}");
                expansion = [$"auipc {operands[0]}, %hi20({distance})", $"addi {operands[0]}, {operands[0]}, %lo12({distance})"];
                return true;
        }

        if (_templates.TryGetValue(string.Create(CultureInfo.InvariantCulture, $"{mnemonic}/{operands.Count}"), out string? template))
        {
            expansion = [string.Format(CultureInfo.InvariantCulture, template, [.. operands])];
            return true;
        }

        expansion = [];
        return false;
    }

    /// <summary>
    /// The shortest of the usual sequences: <c>addi</c>, <c>lui</c>+<c>addiw</c>, or a shorter constant shifted left plus twelve bits.
    /// </summary>
    private static void LoadImmediate(string register, long value, List<string> lines)
    {
        long low = value << 52 >> 52;
        if (value == low)
        {
            lines.Add(Line($"addi {register}, x0, {value}"));
            return;
        }

        if (value is >= int.MinValue and <= int.MaxValue)
        {
            lines.Add(Line($"lui {register}, {((value + 0x800) >> 12) & 0xfffff}"));
            if (low != 0)
                lines.Add(Line($"addiw {register}, {register}, {low}"));
            return;
        }

        // Unsigned arithmetic: a value just below 2^63 carries into the sign bit here, and the shift below drops the carry again.
        long high = (long)((ulong)value - (ulong)low) >> 12;
        int shift = 12 + System.Numerics.BitOperations.TrailingZeroCount(high);
        long rest = (long)((ulong)value - (ulong)low) >> shift;
        LoadImmediate(register, rest, lines);
        lines.Add(Line($"slli {register}, {register}, {shift}"));
        if (low != 0)
            lines.Add(Line($"addi {register}, {register}, {low}"));
    }

    private static string Line(FormattableString text) => FormattableString.Invariant(text);
}
