using System.Buffers.Binary;
using System.Text;

namespace Godwit.Interop.Tests;

/// <summary>Compares two machines after the same image, field by field.</summary>
internal static class IsaComparison
{
    /// <summary>
    /// Fields of the <c>cpu</c> section that depend on time: the counters' reference points in host ticks. Their values are compared inside the
    /// programs, while they are inhibited.
    /// </summary>
    private static bool IsTime(string field) => field.StartsWith("env.pmu_ctrs", StringComparison.Ordinal);

    /// <summary>Compares results, then everything else.</summary>
    /// <param name="image">What both ran.</param>
    /// <param name="expected">QEMU's state.</param>
    /// <param name="found">Godwit's state.</param>
    /// <param name="hasQuirks">Whether the peer is one that <see cref="IsaQuirks"/> is about.</param>
    /// <param name="explained">Programs with differences that are a quirk's.</param>
    /// <returns>One text for each difference; for a program, all of its differences and its instructions.</returns>
    public static List<(IsaProgram? Program, string Text)> Compare(IsaImage image, IsaState expected, IsaState found, bool hasQuirks, out int explained)
    {
        explained = 0;
        var differences = new List<(IsaProgram? Program, string Text)>();
        for (int i = 0; i < image.Programs.Length; i++)
        {
            int offset = (int)(image.Results - IsaLayout.Ram) + (i * IsaLayout.ResultBytes);
            Span<byte> left = expected.Ram.AsSpan(offset, IsaLayout.ResultBytes);
            Span<byte> right = found.Ram.AsSpan(offset, IsaLayout.ResultBytes);
            IgnoreIllegalReturn(left, right);
            if (left.SequenceEqual(right))
                continue;
            if (hasQuirks && IsaQuirks.Explains(image.Programs[i], left, right))
                explained++;
            else
                differences.Add((image.Programs[i], Describe(image.Programs[i], left, right)));
        }

        CompareRest(image, expected, found, differences);
        differences.AddRange(CompareFields(expected, found).Select(text => ((IsaProgram?)null, text)));
        return differences;
    }

    /// <summary>Compares memory and the <c>cpu</c> section after a program that is no generated one.</summary>
    public static List<string> CompareStates(IsaState expected, IsaState found)
    {
        var differences = new List<string>();
        for (int at = 0; at < IsaLayout.RamBytes - (4 << 20) && differences.Count < 100; at += 8)
        {
            if (Read(expected.Ram, at) != Read(found.Ram, at))
                differences.Add($"memory at {IsaLayout.Ram + (ulong)at:x}: QEMU {Hex(expected.Ram.AsSpan(at, 8))}, Godwit {Hex(found.Ram.AsSpan(at, 8))}");
        }

        differences.AddRange(CompareFields(expected, found));
        return differences;
    }

    private static IEnumerable<string> CompareFields(IsaState expected, IsaState found)
    {
        foreach ((string name, int at, int length) in expected.Fields)
        {
            if (IsTime(name) || (name is "env.mtval" or "env.stval" && IsReturn(BinaryPrimitives.ReadUInt64BigEndian(found.Cpu.AsSpan(at)))))
                continue;
            string left = System.Convert.ToHexString(expected.Cpu.AsSpan(at, length));
            string right = at + length <= found.Cpu.Length ? System.Convert.ToHexString(found.Cpu.AsSpan(at, length)) : "missing";
            if (left != right)
                yield return $"cpu section, {name}: QEMU {left}, Godwit {right}";
        }

        if (expected.Cpu.Length != found.Cpu.Length)
            yield return $"cpu section: QEMU {expected.Cpu.Length} bytes, Godwit {found.Cpu.Length}";
    }

    /// <summary>
    /// Quirk: QEMU's <c>tval</c> of an illegal MRET or SRET is the instruction of some earlier trap; Godwit's is the instruction. Only that
    /// trap's value and the CSR that still holds it are left out.
    /// </summary>
    private static void IgnoreIllegalReturn(Span<byte> expected, Span<byte> found)
    {
        for (int i = 0; i < IsaLayout.LogEntries; i++)
        {
            int at = IsaLayout.ResultLog + (32 * i);
            ulong cause = Read(found, at);
            if ((cause & 0xff) == 2 && (cause >> 63) == 0 && cause == Read(expected, at) && IsReturn(Read(found, at + 16)))
                found.Slice(at + 16, 8).CopyTo(expected[(at + 16)..]);
        }

        foreach (string name in new[] { "mtval", "stval" })
        {
            int csr = IsaLayout.ResultCsrs + 8 + (8 * Array.FindIndex(IsaLayout.Dumped, c => c.Name == name));
            if (IsReturn(Read(found, csr)))
                found.Slice(csr, 8).CopyTo(expected[csr..]);
        }
    }

    private static bool IsReturn(ulong instruction) => instruction is 0x3020_0073 or 0x1020_0073;

    private static void CompareRest(IsaImage image, IsaState expected, IsaState found, List<(IsaProgram? Program, string Text)> differences)
    {
        // All memory but the results, which were compared, and the flattened device tree at the end, which is not of the programs.
        int results = (int)(image.Results - IsaLayout.Ram);
        int end = (int)(image.End - IsaLayout.Ram);
        for (int at = 0; at < IsaLayout.RamBytes - (4 << 20); at += 8)
        {
            if (at == results)
                at = end;
            ReadOnlySpan<byte> left = expected.Ram.AsSpan(at, 8);
            ReadOnlySpan<byte> right = found.Ram.AsSpan(at, 8);
            if (!left.SequenceEqual(right))
                differences.Add((null, $"memory at {IsaLayout.Ram + (ulong)at:x}: QEMU {Hex(left)}, Godwit {Hex(right)}"));
            if (differences.Count > 500)
                return;
        }
    }

    private static string Describe(IsaProgram program, ReadOnlySpan<byte> expected, ReadOnlySpan<byte> found)
    {
        var text = new StringBuilder();
        text.Append(FormattableString.Invariant($"{program.Kind} seed {program.Seed}, mode {program.StartMode}, satp {program.Csrs[0]:x}\n"));
        for (int at = 0; at < IsaLayout.ResultBytes; at += 8)
        {
            if (!expected.Slice(at, 8).SequenceEqual(found.Slice(at, 8)))
                text.Append(FormattableString.Invariant($"  {Name(program, at)}: QEMU {Hex(expected[at..])}, Godwit {Hex(found[at..])}\n"));
        }

        text.Append("  traps (QEMU | Godwit; cause epc tval status):\n");
        ulong count = Math.Max(Read(expected, IsaLayout.ResultTraps), Read(found, IsaLayout.ResultTraps));
        for (int i = 0; i < Math.Min((int)count, IsaLayout.LogEntries); i++)
        {
            int at = IsaLayout.ResultLog + (32 * i);
            string left = string.Join(' ', Enumerable.Range(0, 4).Select(Part(expected.ToArray(), at)));
            string right = string.Join(' ', Enumerable.Range(0, 4).Select(Part(found.ToArray(), at)));
            text.Append(FormattableString.Invariant($"    {left} | {(left == right ? "same" : right)}\n"));
        }

        for (int i = 0; i < 16 && program.UsesPmp; i++)
            text.Append(FormattableString.Invariant($"  pmp{i} = {program.PmpConfiguration[i]:x2} {program.PmpAddress[i] << 2:x}{(i % 4 == 3 ? "\n" : "")}"));
        foreach ((ulong where, ulong what) in program.Pokes)
            text.Append(FormattableString.Invariant($"  entry {where:x} = {what:x}\n"));
        for (int i = 1; i < 32; i++)
            text.Append(FormattableString.Invariant($"  x{i}={program.X[i]:x}{(i % 4 == 3 ? "\n" : "")}"));
        for (int i = 0; i < 32; i++)
            text.Append(FormattableString.Invariant($"{(i % 4 == 0 ? "\n" : "")}  f{i}={program.F[i]:x16}"));
        text.Append(FormattableString.Invariant($"\n  status={program.Status:x} fcsr={program.Fcsr:x}\n"));
        foreach (string line in program.Listing)
            text.Append("    ").Append(line).Append('\n');
        return text.ToString();
    }

    private static Func<int, string> Part(byte[] result, int at) => i => FormattableString.Invariant($"{Read(result, at + (8 * i)):x}");

    private static string Name(IsaProgram program, int at) => at switch
    {
        < IsaLayout.ResultF => FormattableString.Invariant($"x{at / 8}"),
        < IsaLayout.ResultFcsr => FormattableString.Invariant($"f{(at - IsaLayout.ResultF) / 8}"),
        IsaLayout.ResultFcsr => "fcsr",
        IsaLayout.ResultTraps => "traps",
        IsaLayout.ResultHash => "hash of the scratch memory",
        < IsaLayout.ResultCsrs => FormattableString.Invariant($"trap {(at - IsaLayout.ResultLog) / 32}.{(at - IsaLayout.ResultLog) % 32 / 8}"),
        IsaLayout.ResultCsrs => "mstatus",
        < IsaLayout.ResultPokes => IsaLayout.Dumped[Math.Min((at - IsaLayout.ResultCsrs - 8) / 8, IsaLayout.Dumped.Length - 1)].Name,
        _ => FormattableString.Invariant($"entry at {program.Pokes.Keys.ElementAtOrDefault((at - IsaLayout.ResultPokes) / 8):x}"),
    };

    private static ulong Read(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt64LittleEndian(bytes[at..]);

    private static string Hex(ReadOnlySpan<byte> bytes) => Read(bytes, 0).ToString("x16", System.Globalization.CultureInfo.InvariantCulture);
}
