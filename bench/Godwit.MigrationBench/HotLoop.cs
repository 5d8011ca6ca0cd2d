using System.Diagnostics;
using System.Globalization;
using Godwit.Machine;
using Godwit.Testing;

namespace Godwit.MigrationBench;

/// <summary>A bare-metal guest that runs twelve instructions again and again (two memory accesses, nine register operations, one branch) and powers off.</summary>
internal static class HotLoop
{
    private const ulong RamBase = 0x8000_0000;
    private const double InstructionsPerRound = 12;
    private const int ShortRun = 20_000_000;
    private const int LongRun = 120_000_000;

    private static readonly TimeSpan _deadline = TimeSpan.FromMinutes(2);

    /// <summary>Millions of guest instructions per second: from the difference of a long and a short run, so that start and end do not count.</summary>
    public static double MeasureMips(Func<IEnumerable<string>, VmProcess> start)
    {
        TimeSpan difference = Run(start, LongRun) - Run(start, ShortRun);
        return (LongRun - ShortRun) * InstructionsPerRound / difference.TotalMicroseconds;
    }

    private static TimeSpan Run(Func<IEnumerable<string>, VmProcess> start, int rounds)
    {
        using var folder = new TemporaryDirectory();
        string image = folder.File("loop.bin");
        File.WriteAllBytes(image, [.. RiscVAssembler.Assemble(Source(rounds), RamBase).Image]);
        using VmProcess vm = start(["-machine", "virt", "-m", "128M", "-bios", image, "-display", "none", "-S"]);
        var watch = Stopwatch.StartNew();
        vm.Qmp.Execute("cont");
        if (vm.WaitForExit(_deadline) != 0)
            throw new BenchException($"the loop did not power off: {vm.Output}");
        return watch.Elapsed;
    }

    private static string Source(int rounds) => string.Create(CultureInfo.InvariantCulture, $"""
        li a0, {rounds}
        la a1, word
        1: ld a2, 0(a1)
        addi a2, a2, 1
        sd a2, 0(a1)
        slli a3, a2, 3
        xor a4, a3, a2
        andi a5, a4, 255
        add a6, a5, a4
        srli a7, a6, 7
        or s2, a7, a2
        sub s3, s2, a3
        addi a0, a0, -1
        bnez a0, 1b
        lui t6, 0x100
        li t5, 0x5555
        sw t5, 0(t6)
        hang: j hang
        .balign 4096
        word: .dword 0
        """);
}
