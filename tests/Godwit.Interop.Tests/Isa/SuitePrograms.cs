using System.Diagnostics.CodeAnalysis;
using System.Text;
using Godwit.Machine;

namespace Godwit.Interop.Tests;

/// <summary>
/// Small programs in the manner of a conformance suite, one for each subject: they write what they see into a log and note every trap there.
/// </summary>
internal static class SuitePrograms
{
    private const ulong Log = 0x8002_0000;

    /// <summary>Bodies by name. <c>gp</c> is the log, <c>a6</c> has all bits set, <c>s0</c> is the trap handler.</summary>
    private static readonly Dictionary<string, string> _bodies = new(StringComparer.Ordinal)
    {
        ["triggers"] = string.Concat(Enumerable.Range(0x7a0, 24).Select(csr => Put($"csrrw a0, {csr}, a6"))),
        ["fields"] = Fields(),
        ["traps"] = Traps(),
        ["traps-s"] = Enter(1) + Traps() + Leave(),
        ["traps-u"] = Enter(0) + Traps() + Leave(),
        ["misaligned"] = Misaligned(),
        ["misaligned-u"] = Enter(0) + Misaligned() + Leave(),
        ["virtual"] = Virtual(),
        ["wfi"] = Wfi(),
        ["vectored"] = Vectored(),
        ["delegated"] = Delegated(),
        ["counters"] = Counters(),
        ["protection"] = Protection(),
        ["dirty"] = Dirty(),
        ["self-modifying"] = SelfModifying(),
        ["float"] = Float(),
        ["compressed"] = Compressed(),
    };

    public static IEnumerable<string> Names => _bodies.Keys;

    /// <summary>The memory image of a program, from the start of RAM.</summary>
    public static byte[] Image(string name) => [.. RiscVAssembler.Assemble(Prologue() + _bodies[name] + Epilogue(), IsaLayout.Ram).Image];

    private static string Prologue() => FormattableString.Invariant($"""
        start:  csrr    t0, mhartid
                beqz    t0, first
                csrwi   mie, 0
        park:   wfi
                j       park
        first:  csrwi   mie, 0
                la      s0, handler
                csrw    mtvec, s0
                li      gp, {Log}
                li      a6, -1
                li      a0, 0
                li      a1, 0
                li      a2, 0
                li      a7, 0
                li      t0, -1
                csrw    pmpaddr0, t0
                li      t0, 0x1f
                csrw    pmpcfg0, t0
                j       body

        # Notes cause, epc, tval, status, and goes on behind the instruction; behind a call, where fetching failed; in M, where a7 is 93.
                .balign 4
        handler: csrw   mscratch, t6
                csrr    t6, mcause
                sd      t6, 0(gp)
                csrr    tp, mepc
                sd      tp, 8(gp)
                csrr    tp, mtval
                sd      tp, 16(gp)
                csrr    tp, mstatus
                sd      tp, 24(gp)
                addi    gp, gp, 32
                bltz    t6, interrupt
                mv      tp, ra
                beqz    t6, 2f
                addi    t6, t6, -1
                beqz    t6, 2f
                addi    t6, t6, -11
                beqz    t6, 2f
                csrr    tp, mepc
                lhu     t6, 0(tp)
                andi    t6, t6, 3
                addi    t6, t6, -3
                addi    tp, tp, 2
                bnez    t6, 2f
                addi    tp, tp, 2
        2:      csrw    mepc, tp
                li      t6, 93
                bne     a7, t6, 3f
                li      a7, 0
                li      t6, 0x1800
                csrs    mstatus, t6
        3:      csrr    t6, mscratch
                mret
        interrupt: csrwi mie, 0
                csrr    t6, mscratch
                mret
        body:

        """);

    private static string Epilogue() => FormattableString.Invariant($"""

        finish: csrwi   mie, 0
                li      t0, {IsaLayout.Context + IsaLayout.Done}
                li      t1, {IsaLayout.DoneMagic}
                sd      t1, 0(t0)
        1:      wfi
                j       1b
        """);

    /// <summary>An instruction that leaves something in a0, which goes into the log; a0 is 0x55 before.</summary>
    private static string Put(string instruction) => $"\n li a0, 0x55\n {instruction}\n sd a0, 0(gp)\n addi gp, gp, 8\n";

    private static string Puts(params string[] instructions) => string.Concat(instructions.Select(Put));

    /// <summary>Goes to S (1) or U (0) with a trap handler of M's.</summary>
    private static string Enter(int mode) => $"""

         li t0, 0x1800
         csrc mstatus, t0
         li t0, {mode << 11}
         csrs mstatus, t0
         la t0, 5f
         csrw mepc, t0
         mret
        5:

        """;

    private static string Leave() => "\n li a7, 93\n ecall\n";

    [SuppressMessage("Design", "MA0051:Method is too long", Justification = "A list of registers.")]
    private static string Fields()
    {
        // Not mtvec: the handler is needed. Not pmpcfg0 with all bits: entries would be locked.
        string[] registers =
        [
            "mstatus", "misa", "medeleg", "mideleg", "mie", "mip", "mcounteren", "menvcfg", "mcountinhibit", "mscratch", "mepc", "mcause", "mtval",
            "sstatus", "sie", "sip", "stvec", "scounteren", "senvcfg", "sscratch", "sepc", "scause", "stval", "satp",
            "0x323", "0x33f", "0xb03", "0xb1f", "0x3bf", "0x3c0", "0x3ef", "0x3a8", "0x3ae", "0x310", "0x30c", "0x747", "0x740", "0x744",
            "fflags", "frm", "fcsr", "0x008", "0x00f", "0xc20", "0x10c", "0x600", "0x200", "0x015", "0xf15", "mvendorid", "marchid", "mimpid",
        ];
        var text = new StringBuilder();
        text.Append(" li t0, 0x2000\n csrs mstatus, t0\n li s1, 0xa00002000\n");
        foreach (string register in registers)
        {
            text.Append(Puts($"csrrs a0, {register}, zero", $"csrrw a0, {register}, a6", $"csrrw a0, {register}, zero", $"csrrsi a0, {register}, 21", $"csrrci a0, {register}, 5", $"csrr a0, {register}"));
            text.Append(register is "mstatus" or "sstatus" ? " csrw mstatus, s1\n" : $" csrw {register}, zero\n");
        }

        return text.Append(Puts("csrrw a0, mtvec, a6", "csrrw a0, mtvec, s0", "csrrwi a0, stvec, 3", "csrrwi a0, stvec, 1", "csrr a0, stvec")).ToString();
    }

    private static string Traps() => Puts(
        "ecall", "ebreak", "c.ebreak", ".word 0", ".word 0xffffffff", ".half 0", "c.nop", "sfence.vma", "fence.i",
        "csrr a0, mstatus", "csrr a0, sstatus", "csrr a0, satp", "csrw 0xc00, a0", "csrr a0, 0xfff", "csrrs a0, mhartid, zero", "csrrs a0, mhartid, a6",
        "lr.w a0, (zero)", "ld a0, 0(zero)", "sd a0, 0(zero)", "lw a0, -1(zero)",
        "li t0, 0x8000000\n jalr ra, 0(t0)", "li t0, 0x8000003\n jalr ra, 0(t0)", "li t0, 0x10000000\n lw a0, 0(t0)", "li t0, 0x10000000\n lbu a0, 5(t0)",
        ".word 0x0000705b", ".word 0x02007057", ".word 0xa2a58553", ".word 0x53", ".word 0x12000073", ".word 0x16000073");

    private static string Misaligned()
    {
        var text = new StringBuilder(" li s1, 0x80030ff8\n li t0, 0x0123456789abcdef\n sd t0, 0(s1)\n sd t0, 8(s1)\n sd t0, 16(s1)\n");
        foreach (string load in new[] { "lh", "lhu", "lw", "lwu", "ld" })
            text.Append(Puts(Enumerable.Range(1, 7).Select(i => $"{load} a0, {i}(s1)").ToArray()));
        foreach (string store in new[] { "sh", "sw", "sd" })
            text.Append(Puts($"{store} t0, 7(s1)\n ld a0, 8(s1)", $"{store} t0, 3(s1)\n ld a0, 0(s1)"));
        foreach (string atomic in new[] { "amoadd.w", "amoswap.d", "amomaxu.w" })
            text.Append(Puts($"addi t1, s1, 2\n {atomic} a0, t0, (t1)", $"addi t1, s1, 6\n {atomic} a0, t0, (t1)", $"mv t1, s1\n {atomic} a0, t0, (t1)"));
        text.Append(Puts("addi t1, s1, 2\n lr.w a0, (t1)", "addi t1, s1, 4\n lr.d a0, (t1)", "mv t1, s1\n lr.d a0, (t1)", "sc.d a0, t0, (t1)", "sc.d a0, t0, (t1)"));
        return text.Append(Puts("la t0, 6f+1\n jalr ra, 0(t0)\n 6:", "la t0, 7f\n jalr ra, 0(t0)\n c.nop\n 7:")).ToString();
    }

    // TVM, TW and TSR from S, with and without.
    private static string Virtual()
    {
        string tries = Puts("csrr a0, satp", "csrw satp, zero", "sfence.vma", "sfence.vma a0, a1", "la t0, 8f\n csrw sepc, t0\n csrw sscratch, t0\n li t0, 0x100\n csrs sstatus, t0\n sret\n 8:");
        string program = "";
        foreach (int bits in new[] { 0, 0x10_0000, 0x40_0000, 0x50_0000 })
            program += $" li t0, 0x500000\n csrc mstatus, t0\n li t0, {bits}\n csrs mstatus, t0\n" + Enter(1) + tries + Leave();
        return program;
    }

    // With an interrupt pending that is enabled but masked by the mode's own switch, WFI does not wait.
    private static string Wfi()
    {
        string pending = " csrwi mideleg, 2\n csrsi mip, 2\n csrwi mie, 2\n";
        string program = " li t0, 0x200000\n csrc mstatus, t0\n" + pending + Put("wfi") + Enter(1) + Put("wfi") + Leave();
        program += " li t0, 0x200000\n csrs mstatus, t0\n" + Enter(1) + Put("wfi") + Leave();
        return program + " csrwi mie, 0\n csrci mip, 2\n csrwi mideleg, 0\n" + Enter(0) + Put("wfi") + Leave();
    }

    // Software and timer interrupts of M, then S's own; the table notes by which entry they came.
    private static string Vectored()
    {
        var text = new StringBuilder(" la t0, table\n ori t0, t0, 1\n csrw mtvec, t0\n");
        text.Append(" li s1, 0x2000000\n li t0, 1\n sw t0, 0(s1)\n csrsi mstatus, 8\n li t0, 0x888\n csrw mie, t0\n c.nop\n sw zero, 0(s1)\n");
        text.Append(" li s1, 0x2004000\n sd zero, 0(s1)\n li t0, 0x888\n csrw mie, t0\n c.nop\n sd a6, 0(s1)\n");
        text.Append(" csrsi mip, 2\n li t0, 0x222\n csrw mie, t0\n c.nop\n csrci mip, 2\n li t0, 0x220\n csrs mip, t0\n csrw mie, t0\n c.nop\n");
        text.Append(Put("ebreak")).Append(" csrw mtvec, s0\n csrci mstatus, 8\n j tabled\n .balign 256\n table:\n");
        for (int i = 0; i < 16; i++)
            text.Append(" j entry").Append(i).Append('\n');
        for (int i = 0; i < 16; i++)
            text.Append("entry").Append(i).Append(": sd t5, 0(gp)\n li t5, ").Append(i).Append("\n sd t5, 8(gp)\n addi gp, gp, 16\n j handler\n");
        return text.Append("tabled:\n").ToString();
    }

    private static string Delegated() =>
        " li t0, 0xb1ff\n csrw medeleg, t0\n li t0, 0x222\n csrw mideleg, t0\n la t0, super\n csrw stvec, t0\n li s2, 0\n" + Enter(0)
        + Puts("ecall", "ebreak", ".word 0", "csrr a0, sstatus", "ld a0, 0(zero)", "lw a0, -1(zero)") + Leave()
        + " csrsi mip, 2\n csrwi mie, 2\n" + Enter(0) + " c.nop\n" + Leave() + " csrci mip, 2\n csrwi mie, 0\n csrw medeleg, zero\n csrw mideleg, zero\n j delegated\n"
        + """
         .balign 4
        super:
         csrw sscratch, t6
         csrr t6, scause
         sd t6, 0(gp)
         csrr tp, sepc
         sd tp, 8(gp)
         csrr tp, stval
         sd tp, 16(gp)
         csrr tp, sstatus
         sd tp, 24(gp)
         addi gp, gp, 32
         bltz t6, 2f
         li t6, 93
         beq a7, t6, 4f
         csrr tp, sepc
         lhu t6, 0(tp)
         andi t6, t6, 3
         addi t6, t6, -3
         addi tp, tp, 2
         bnez t6, 1f
         addi tp, tp, 2
        1: csrw sepc, tp
         csrr t6, sscratch
         sret
        2: csrwi sie, 0
         csrr t6, sscratch
         sret
        4: ecall
         csrr tp, sepc
         addi tp, tp, 4
         csrr t6, sscratch
         jr tp
        delegated:

        """;

    private static string Counters()
    {
        string reads = Puts("csrr t0, cycle", "csrr t0, time", "csrr t0, instret", "csrr t0, 0xc03", "csrr t0, 0xc1f", "csrw cycle, zero");
        var text = new StringBuilder();
        foreach ((int machine, int supervisor) in new[] { (0, 7), (7, 0), (5, 3), (2, 7), (7, 7) })
        {
            text.Append(FormattableString.Invariant($" li t0, {machine}\n csrw mcounteren, t0\n li t0, {supervisor}\n csrw scounteren, t0\n"));
            text.Append(Enter(1)).Append(reads).Append(Leave()).Append(Enter(0)).Append(reads).Append(Leave());
        }

        // Counters that stand still keep what is written; the program sees them go on by any amount otherwise.
        text.Append(" li t0, 5\n csrw mcountinhibit, t0\n");
        text.Append(Puts("csrw mcycle, a6\n csrr a0, mcycle", "csrw minstret, zero\n csrr a0, minstret", "csrwi minstret, 9\n c.nop\n csrr a0, instret", "csrr a0, cycle"));
        return text.Append(" csrwi mcountinhibit, 0\n csrr t0, mcycle\n csrr t1, mcycle\n").Append(Put("sltu a0, t1, t0"))
            .Append(" csrwi mcycle, 0\n csrwi minstret, 0\n csrwi mcountinhibit, 5\n csrwi mcycle, 0\n csrwi minstret, 0\n").ToString();
    }

    private static string Protection()
    {
        const string Tries = "li t1, 0x80030000\n";
        string tries = Puts(
            Tries + "ld a0, 0(t1)", Tries + "sd t1, 0(t1)", Tries + "lw a0, 12(t1)", Tries + "sw t1, 12(t1)", Tries + "ld a0, 16(t1)", Tries + "sd t1, 24(t1)",
            Tries + "lbu a0, 31(t1)", Tries + "ld a0, 2040(t1)", "li t1, 0x80031000\n ld a0, 0(t1)", "li t1, 0x80031000\n jalr ra, 0(t1)");
        var text = new StringBuilder(" li t0, 0x00008067\n li t1, 0x80031000\n sw t0, 0(t1)\n li t0, -1\n csrw 0x3bf, t0\n");

        // Entry 15 opens everything; below it TOR, NA4 and NAPOT with several rights; entry 0 is off.
        foreach (string configuration in new[] { "0x0000001b11080000", "0x0000001f13090000", "0x000000191a0c0800", "0x00001818180f0f00", "0x0000009b910a0000" })
        {
            text.Append(" li t0, 0x1f00000000000000\n csrw 0x3a2, t0\n csrwi pmpcfg0, 0\n");
            text.Append(" li t0, 0x2000c000\n csrw 0x3b1, t0\n li t0, 0x2000c003\n csrw 0x3b2, t0\n li t0, 0x2000c003\n csrw 0x3b3, t0\n li t0, 0x2000c0ff\n csrw 0x3b4, t0\n");
            text.Append(FormattableString.Invariant($" li t0, {configuration}\n csrw pmpcfg0, t0\n")).Append(Puts("csrr a0, pmpcfg0", "csrr a0, 0x3b3", "csrr a0, 0x3b4"));
            text.Append(tries).Append(Enter(1)).Append(tries).Append(Leave()).Append(Enter(0)).Append(tries).Append(Leave());
        }

        return text.Append(Puts("csrw pmpcfg0, zero\n csrr a0, pmpcfg0", "csrw 0x3b4, zero\n csrr a0, 0x3b4", "csrw 0x3b2, zero\n csrr a0, 0x3b2")).ToString();
    }

    // Sv39: a root with gigapages for the code (S and U), and one table of pages with all combinations of A, D and rights.
    private static string Dirty()
    {
        var text = new StringBuilder("""
             li s1, 0x80040000
             li t0, 0x200000cf
             sd t0, 16(s1)
             li t0, 0x20010401
             sd t0, 0(s1)
             li t1, 0x80041000
             li t0, 0x20010801
             sd t0, 0(t1)
             li t1, 0x80042000
             li t2, 0

            """);
        int[] flags = [0x07, 0x47, 0xc7, 0x87, 0x03, 0x43, 0xc3, 0x01, 0x05, 0x0b, 0x49, 0xcb, 0x17, 0xd7, 0x5f, 0x06];
        for (int i = 0; i < flags.Length; i++)
            text.Append(FormattableString.Invariant($" li t0, {0x2000_c000 | flags[i]}\n sd t0, {8 * i}(t1)\n"));
        text.Append(" li t0, 0x8000000000080040\n csrw satp, t0\n sfence.vma\n");
        string tries = string.Concat(flags.Select((_, i) => Puts($"li t1, {i << 12}\n ld a0, 0(t1)", $"li t1, {i << 12}\n sd t1, 8(t1)", $"li t1, {i << 12}\n amoadd.w a0, zero, (t1)")));
        text.Append(Enter(1)).Append(tries).Append(Leave());
        for (int i = 0; i < flags.Length; i++)
            text.Append(Put($"li t1, 0x80042000\n ld a0, {8 * i}(t1)"));
        text.Append(" li t0, 0x40000\n csrs mstatus, t0\n").Append(Enter(1)).Append(" sfence.vma\n").Append(tries).Append(Leave());
        text.Append(" li t0, 0x80000\n csrs mstatus, t0\n").Append(Enter(1)).Append(" sfence.vma\n").Append(tries).Append(Leave());
        for (int i = 0; i < flags.Length; i++)
            text.Append(Put($"li t1, 0x80042000\n ld a0, {8 * i}(t1)"));
        return text.Append(" csrw satp, zero\n").ToString();
    }

    private static string SelfModifying() => """
         la t1, 1f
         li t2, 0x00150513
         li s1, 10
         li a0, 0
        2: li t0, 0x00350513
         sw t0, 0(t1)
         fence.i
        1: addi a0, a0, 1
         sd a0, 0(gp)
         addi gp, gp, 8
         sw t2, 0(t1)
         fence.i
         addi s1, s1, -1
         bnez s1, 1b
         beqz a0, 2b

        """;

    // Encodings by hand: the assembler knows no float instructions. f1 to f6 are specials, results go to f7 and x10.
    private static string Float()
    {
        var text = new StringBuilder(Puts(".word 0xf2000053", ".word 0x02208053", "csrr a0, fcsr")).Append(" li t0, 0x2000\n csrs mstatus, t0\n csrwi fcsr, 0\n");
        ulong[] doubles =
        [
            0x3ff0_0000_0000_0000, 0x0000_0000_0000_0001, 0x7ff0_0000_0000_0000, 0x7ff0_0000_0000_0001, 0x8000_0000_0000_0000, 0xc3e0_0000_0000_0001, 0xffff_ffff_7f80_0001,
            0xffff_ffff_3f80_0000,
        ];
        for (int i = 0; i < doubles.Length; i++)
            text.Append(FormattableString.Invariant($" li t0, {doubles[i]}\n .word {0xf202_8053u | (uint)((i + 1) << 7)}\n"));
        for (uint rs1 = 1; rs1 <= 8; rs1++)
        {
            foreach (uint rs2 in new uint[] { 1, 3, 6, 8 })
            {
                uint registers = (rs1 << 15) | (rs2 << 20) | (9u << 7);
                foreach (uint instruction in new uint[] { 0x0200_0053, 0x0a00_0053, 0x1200_0053, 0x1a00_0053, 0x2a00_0053, 0x0000_0053, 0x1800_1053, 0x2000_2053 })
                    text.Append(FormattableString.Invariant($" csrwi fflags, 0\n .word {instruction | registers}\n")).Append(Puts($".word {0xe204_8553u}", "csrr a0, fflags"));
                text.Append(" csrwi fflags, 0\n").Append(Puts($".word {0xa200_2553u | (rs1 << 15) | (rs2 << 20)}", $".word {0xa000_1553u | (rs1 << 15) | (rs2 << 20)}", "csrr a0, fflags"));
            }

            for (uint kind = 0; kind < 4; kind++)
            {
                for (uint mode = 0; mode < 7; mode++)
                    text.Append(" csrwi fflags, 0\n").Append(Puts($".word {0xc200_0553u | (rs1 << 15) | (kind << 20) | (mode << 12)}", "csrr a0, fflags"));
            }

            text.Append(Puts($".word {0xe200_1553u | (rs1 << 15)}", $".word {0xe000_1553u | (rs1 << 15)}", $".word {0xe000_0553u | (rs1 << 15)}"));
        }

        return text.Append(" csrwi fcsr, 0\n").Append(Puts("csrrwi a0, frm, 5\n .word 0x0220f4d3", "csrr a0, fcsr", "csrrwi a0, fcsr, 31", "csrr a0, fcsr")).ToString();
    }

    private static string Compressed() =>
        " li s1, 0x80030000\n li a5, 0x1234\n mv a3, s1\n mv sp, s1\n"
        + Puts("c.sd a5, 8(a3)\n c.ld a0, 8(a3)", "c.sw a5, 4(a3)\n c.lw a0, 4(a3)", "c.sdsp a5, 16(sp)\n c.ldsp a0, 16(sp)", "c.addi a0, -32", "c.addiw a0, 31", "c.lui a0, 31", "c.lui a0, -32",
            "c.slli a0, 63", "c.srli a0, 1", "c.srai a0, 63", "c.andi a0, -1", "c.addi4spn a0, sp, 1020", "c.addi16sp sp, -512\n c.mv a0, sp", "c.sub a0, a5", "c.xor a0, a5", "c.or a0, a5",
            "c.and a0, a5", "c.subw a0, a5", "c.addw a0, a5", "c.beqz a0, 9f\n c.li a0, 3\n 9:", "c.bnez a0, 9f\n c.li a0, 3\n 9:", ".half 0x8002", ".half 0x6001", ".half 0x9c41", ".half 0x8000", ".half 0x0001", ".half 0x6081")
        + " c.j 8f\n c.nop\n 8:\n";
}
