using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using Godwit.Machine;

namespace Godwit.Interop.Tests;

/// <summary>
/// The bare-metal code around the generated programs: sets up registers, runs a program, logs its traps, stores what it left behind.
/// </summary>
/// <remarks>
/// Nothing in it trusts a register of the program: the trap handlers free one through <c>mscratch</c> and <c>sscratch</c>, whose values they
/// replace. A trap inside a program's instructions resumes after the instruction; one outside resumes at <c>ra</c> when that points into
/// the program (a call to an address that faults), else it ends the program; too many traps end it as well.
/// </remarks>
internal static class IsaHarness
{
    public static AssembledProgram Assemble() => RiscVAssembler.Assemble(Source(), IsaLayout.Harness);

    [SuppressMessage("Design", "MA0051:Method is too long", Justification = "One piece of assembly text.")]
    private static string Source()
    {
        var text = new StringBuilder();
        Line(text, $"""
            .equ CTX, {IsaLayout.Context}
            start:
             csrr t0, mhartid
             beqz t0, first
             csrwi mie, 0
            park:
             wfi
             j park
            first:
             csrwi mie, 0
             li t0, 0x2000
             csrs mstatus, t0
            next_program:
             li s0, CTX
             ld s1, {IsaLayout.Current}(s0)
             beqz s1, all_done
             ld t0, {IsaLayout.DescriptorBodyStart}(s1)
             sd t0, {IsaLayout.BodyStart}(s0)
             ld t0, {IsaLayout.DescriptorBodyEnd}(s1)
             sd t0, {IsaLayout.BodyEnd}(s0)
             ld t0, {IsaLayout.Result}(s1)
             addi t0, t0, {IsaLayout.ResultLog}
             sd t0, {IsaLayout.LogPointer}(s0)
             sd zero, {IsaLayout.LogCount}(s0)
             li t0, {IsaLayout.Scratch}
             li t1, {IsaLayout.ScratchBytes}
             add t1, t1, t0
             ld t2, {IsaLayout.ScratchSeed}(s1)
             li t3, 6364136223846793005
            1: sd t2, 0(t0)
             mul t2, t2, t3
             srli t4, t2, 29
             xor t2, t2, t4
             addi t0, t0, 8
             bltu t0, t1, 1b
             ld t0, {IsaLayout.PokeCount}(s1)
             ld t1, {IsaLayout.PokeList}(s1)
            1: beqz t0, 2f
             ld t2, 0(t1)
             ld t3, 8(t1)
             sd t3, 0(t2)
             addi t1, t1, 16
             addi t0, t0, -1
             j 1b
            2: li t0, 0x2004000
             ld t1, {IsaLayout.TimeCompare}(s1)
             sd t1, 0(t0)
             li t0, 0x2000000
             ld t1, {IsaLayout.SoftwareInterrupt}(s1)
             sw t1, 0(t0)
             ld t0, {IsaLayout.UsesPmp}(s1)
             ld t1, {IsaLayout.PmpDirty}(s0)
             sd t0, {IsaLayout.PmpDirty}(s0)
             or t0, t0, t1
             beqz t0, 1f
             csrwi 0x3a0, 0
             csrwi 0x3a2, 0
            """);
        for (int i = 0; i < 16; i++)
            Line(text, $" ld t0, {IsaLayout.Pmp + 16 + (8 * i)}(s1)\n csrw {0x3b0 + i}, t0");
        Line(text, $" ld t0, {IsaLayout.Pmp}(s1)\n csrw 0x3a0, t0\n ld t0, {IsaLayout.Pmp + 8}(s1)\n csrw 0x3a2, t0\n1:");
        for (int i = 0; i < IsaLayout.Seeded.Length; i++)
            Line(text, $" ld t0, {IsaLayout.Csrs + (8 * i)}(s1)\n csrw {IsaLayout.Seeded[i].Number}, t0");
        Line(text, $"""
             sfence.vma
             addi t0, s0, {IsaLayout.Registers}
             lr.d t1, (t0)
             sc.d t1, t1, (t0)
            """);
        for (int i = 0; i < 32; i++)
            Line(text, $" .word {FloatLoad(i, 9, IsaLayout.F + (8 * i))}");
        Line(text, $"""
             ld t0, {IsaLayout.Fcsr}(s1)
             csrw fcsr, t0
             ld t0, {IsaLayout.Entry}(s1)
             csrw mepc, t0
             ld t0, {IsaLayout.Status}(s1)
             csrw mstatus, t0
             mv t6, s1
            """);
        for (int i = 1; i < 32; i++)
            Line(text, $" ld x{i}, {IsaLayout.X + (8 * i)}(t6)");
        Line(text, $" mret\n{MachineTrap()}\n{SupervisorTrap()}\n{Finish()}");
        return text.ToString();
    }

    [SuppressMessage("Design", "MA0051:Method is too long", Justification = "One piece of assembly text.")]
    private static string MachineTrap() => FormattableString.Invariant($"""
        .balign 256
        mvector:
        {Repeat(" j mtrap\n", 64)}
        mtrap:
         csrw mscratch, t6
         li t6, CTX
         sd t5, {IsaLayout.MachineSaved}(t6)
         sd t4, {IsaLayout.MachineSaved + 8}(t6)
         sd t3, {IsaLayout.MachineSaved + 16}(t6)
         ld t5, {IsaLayout.LogCount}(t6)
         addi t5, t5, 1
         sd t5, {IsaLayout.LogCount}(t6)
         li t4, {IsaLayout.LogEntries}
         bltu t4, t5, 1f
         ld t4, {IsaLayout.LogPointer}(t6)
         csrr t3, mcause
         sd t3, 0(t4)
         csrr t3, mepc
         sd t3, 8(t4)
         csrr t3, mtval
         sd t3, 16(t4)
         csrr t3, mstatus
         sd t3, 24(t4)
         addi t4, t4, 32
         sd t4, {IsaLayout.LogPointer}(t6)
        1: li t4, {IsaLayout.StoreLimit}
         bltu t4, t5, finish
         csrr t5, mcause
         bgez t5, 2f
         li t4, 1
         sll t4, t4, t5
         csrc mie, t4
         j mresume
        2: csrr t5, mepc
         {Locate("t5", "t4", "t3")}
         beq t5, t4, finish
         bltu t4, t5, mcall
         ld t4, {IsaLayout.BodyStart}(t6)
         bltu t5, t4, mcall
         lhu t4, 0(t5)
         andi t4, t4, 3
         addi t4, t4, -3
         csrr t5, mepc
         addi t5, t5, 2
         bnez t4, 3f
         addi t5, t5, 2
        3: csrw mepc, t5
        mresume:
         ld t3, {IsaLayout.MachineSaved + 16}(t6)
         ld t4, {IsaLayout.MachineSaved + 8}(t6)
         ld t5, {IsaLayout.MachineSaved}(t6)
         csrr t6, mscratch
         mret
        mcall:
         la t4, sleave
         csrr t5, mepc
         beq t5, t4, finish
         mv t5, ra
         {Locate("t5", "t4", "t3")}
         bgeu t5, t4, finish
         ld t4, {IsaLayout.BodyStart}(t6)
         bltu t5, t4, finish
         csrw mepc, ra
         j mresume
        """);

    [SuppressMessage("Design", "MA0051:Method is too long", Justification = "One piece of assembly text.")]
    private static string SupervisorTrap() => FormattableString.Invariant($"""
        .balign 256
        svector:
        {Repeat(" j strap\n", 64)}
        strap:
         csrw sscratch, t6
         li t6, CTX
         sd t5, {IsaLayout.SupervisorSaved}(t6)
         sd t4, {IsaLayout.SupervisorSaved + 8}(t6)
         sd t3, {IsaLayout.SupervisorSaved + 16}(t6)
         ld t5, {IsaLayout.LogCount}(t6)
         addi t5, t5, 1
         sd t5, {IsaLayout.LogCount}(t6)
         li t4, {IsaLayout.LogEntries}
         bltu t4, t5, 1f
         ld t4, {IsaLayout.LogPointer}(t6)
         csrr t3, scause
         li t5, 1
         slli t5, t5, 60
         or t3, t3, t5
         sd t3, 0(t4)
         csrr t3, sepc
         sd t3, 8(t4)
         csrr t3, stval
         sd t3, 16(t4)
         csrr t3, sstatus
         sd t3, 24(t4)
         addi t4, t4, 32
         sd t4, {IsaLayout.LogPointer}(t6)
         ld t5, {IsaLayout.LogCount}(t6)
        1: li t4, {IsaLayout.StoreLimit}
         bltu t4, t5, sexit
         csrr t5, scause
         bgez t5, 2f
         li t4, 1
         sll t4, t4, t5
         csrc sie, t4
         j sresume
        2: csrr t5, sepc
         {Locate("t5", "t4", "t3")}
         beq t5, t4, sexit
         bltu t4, t5, scall
         ld t4, {IsaLayout.BodyStart}(t6)
         bltu t5, t4, scall
         lhu t4, 0(t5)
         andi t4, t4, 3
         addi t4, t4, -3
         csrr t5, sepc
         addi t5, t5, 2
         bnez t4, 3f
         addi t5, t5, 2
        3: csrw sepc, t5
        sresume:
         ld t3, {IsaLayout.SupervisorSaved + 16}(t6)
         ld t4, {IsaLayout.SupervisorSaved + 8}(t6)
         ld t5, {IsaLayout.SupervisorSaved}(t6)
         csrr t6, sscratch
         sret
        scall:
         mv t5, ra
         {Locate("t5", "t4", "t3")}
         bgeu t5, t4, sexit
         ld t4, {IsaLayout.BodyStart}(t6)
         bltu t5, t4, sexit
         csrw sepc, ra
         j sresume
        sexit:
         ld t3, {IsaLayout.SupervisorSaved + 16}(t6)
         ld t4, {IsaLayout.SupervisorSaved + 8}(t6)
         ld t5, {IsaLayout.SupervisorSaved}(t6)
         csrr t6, sscratch
        sleave:
         ecall
         j sleave
        """);

    [SuppressMessage("Design", "MA0051:Method is too long", Justification = "One piece of assembly text.")]
    private static string Finish()
    {
        var text = new StringBuilder();
        Line(text, $"""
            finish:
             csrr t3, mstatus
             sd t3, {IsaLayout.Registers - 8}(t6)
             ld t3, {IsaLayout.Current}(t6)
             ld t3, {IsaLayout.Result}(t3)
            """);
        for (int i = 0; i < 28; i++)
            Line(text, $" sd x{i}, {IsaLayout.ResultX + (8 * i)}(t3)");
        Line(text, $"""
             li s0, CTX
             mv s1, t3
             ld t0, {IsaLayout.MachineSaved + 16}(s0)
             sd t0, {IsaLayout.ResultX + (8 * 28)}(s1)
             ld t0, {IsaLayout.MachineSaved + 8}(s0)
             sd t0, {IsaLayout.ResultX + (8 * 29)}(s1)
             ld t0, {IsaLayout.MachineSaved}(s0)
             sd t0, {IsaLayout.ResultX + (8 * 30)}(s1)
             csrr t0, mscratch
             sd t0, {IsaLayout.ResultX + (8 * 31)}(s1)
             ld s2, {IsaLayout.Current}(s0)
            """);

        // mstatus is dumped from what it was when the program ended; then interrupts and MPRV go off and the FPU on.
        for (int i = 0; i < IsaLayout.Dumped.Length; i++)
            Line(text, $" csrr t0, {IsaLayout.Dumped[i].Number}\n sd t0, {IsaLayout.ResultCsrs + 8 + (8 * i)}(s1)");
        Line(text, $"""
             ld t0, {IsaLayout.Registers - 8}(s0)
             sd t0, {IsaLayout.ResultCsrs}(s1)
             li t0, 0xa00002000
             csrw mstatus, t0

             # An access that is only partly in a protected range fails in M as well.
             ld t0, {IsaLayout.UsesPmp}(s2)
             beqz t0, 1f
             csrwi 0x3a0, 0
            1: csrr t0, fcsr
             sd t0, {IsaLayout.ResultFcsr}(s1)
            """);
        for (int i = 0; i < 32; i++)
            Line(text, $" .word {FloatStore(i, 9, IsaLayout.ResultF + (8 * i))}");
        Line(text, $"""
             ld t0, {IsaLayout.LogCount}(s0)
             sd t0, {IsaLayout.ResultTraps}(s1)
             ld t0, {IsaLayout.PokeCount}(s2)
             ld t1, {IsaLayout.PokeList}(s2)
             addi t2, s1, {IsaLayout.ResultPokes}
            1: beqz t0, 2f
             ld t3, 0(t1)
             ld t4, 0(t3)
             sd t4, 0(t2)
             sd zero, 0(t3)
             addi t2, t2, 8
             addi t1, t1, 16
             addi t0, t0, -1
             j 1b
            2: li t0, {IsaLayout.Scratch}
             li t1, {IsaLayout.ScratchBytes}
             add t1, t1, t0
             li t2, 0
             li t3, 6364136223846793005
            1: ld t4, 0(t0)
             xor t2, t2, t4
             mul t2, t2, t3
             addi t0, t0, 8
             bltu t0, t1, 1b
             sd t2, {IsaLayout.ResultHash}(s1)
             ld t0, {IsaLayout.Next}(s2)
             sd t0, {IsaLayout.Current}(s0)
             csrwi mie, 0
             j next_program
            all_done:
             li t0, {IsaLayout.DoneMagic}
             sd t0, {IsaLayout.Done}(s0)
            1: wfi
             j 1b
            """);
        return text.ToString();
    }

    /// <summary>Turns a virtual address into the physical one of the program's code and loads the end of the program.</summary>
    private static string Locate(string address, string end, string spare) => FormattableString.Invariant($"""
         slli {address}, {address}, 34
         srli {address}, {address}, 34
         li {spare}, 0x80000000
         or {address}, {address}, {spare}
         ld {end}, {IsaLayout.BodyEnd}(t6)
        """);

    private static string Repeat(string line, int count) => string.Concat(Enumerable.Repeat(line, count));

    private static uint FloatLoad(int register, uint address, int offset) =>
        ((uint)offset << 20) | (address << 15) | (3u << 12) | ((uint)register << 7) | 0x07;

    private static uint FloatStore(int register, uint address, int offset) =>
        ((uint)(offset >> 5) << 25) | ((uint)register << 20) | (address << 15) | (3u << 12) | ((uint)(offset & 31) << 7) | 0x27;

    private static void Line(StringBuilder text, FormattableString line) => text.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');
}
