using System.Diagnostics;
using System.Text.RegularExpressions;
using Godwit.Machine;
using Godwit.Testing;

namespace Godwit.Interop.Tests;

/// <summary>What a guest finds on the board is what it finds on QEMU's: device tree, fw_cfg, loaded bytes.</summary>
public sealed class BoardTests
{
    private const ulong Copies = 0x8010_0000;
    private const int ItemBytes = 2048;
    private const int ItemCount = 64;

    // Selects each of the first 64 items and copies 2048 bytes of it; then says so in t6.
    private const string ReadFwCfg = """
        start:  csrr    t0, mhartid
                bnez    t0, 3f
                li      t0, 0x10100000
                li      t2, 0x80100000
                li      t5, 0
        1:      slli    t6, t5, 8
                sh      t6, 8(t0)
                li      t3, 2048
        2:      lbu     t4, 0(t0)
                sb      t4, 0(t2)
                addi    t2, t2, 1
                addi    t3, t3, -1
                bnez    t3, 2b
                addi    t5, t5, 1
                li      t6, 64
                bne     t5, t6, 1b
                li      t6, 0x77
        3:      j       3b
        """;

    [Theory]
    [InlineData("-smp 1")]
    [InlineData("-smp 4 -uuid 00112233-4455-6677-8899-aabbccddeeff")]
    public void FwCfg_EveryItem_EqualsQemus(string more)
    {
        using TemporaryDirectory directory = new();
        string program = directory.File("program");
        File.WriteAllBytes(program, [.. RiscVAssembler.Assemble(ReadFwCfg, 0x8000_0000).Image]);
        string[] options = [.. LinuxGuest.Machine(), "-bios", "none", "-kernel", program, .. more.Split(' ')];
        using var qemu = VmProcess.StartQemu(QemuPeer.Qemu10_0, "qemu-system-riscv64", options);
        using var godwit = VmProcess.StartGodwit(options);
        byte[] expected = Run(qemu);
        byte[] found = Run(godwit);
        for (int key = 0; key < ItemCount; key++)
        {
            Range item = (key * ItemBytes)..((key + 1) * ItemBytes);
            Assert.True(
                expected.AsSpan(item).SequenceEqual(found.AsSpan(item)),
                $"item 0x{key:x}: {Convert.ToHexStringLower(expected[item][..300])} and here {Convert.ToHexStringLower(found[item][..300])}");
        }
    }

    [Theory]
    [InlineData("-m 128")]
    [InlineData("-m 256 -smp 2 -kernel PROGRAM -initrd PROGRAM -append word")]
    public void DumpDtb_ContractMachine_EqualsQemusButForTheSeed(string more)
    {
        using TemporaryDirectory directory = new();
        string program = directory.File("program");
        File.WriteAllBytes(program, new byte[5000]);
        string[] trees = [directory.File("qemu"), directory.File("godwit")];
        for (int i = 0; i < trees.Length; i++)
        {
            string[] options =
            [
                "-M", $"{LinuxGuest.ContractMachine},dumpdtb={trees[i]}", "-cpu", LinuxGuest.ContractCpu, "-nodefaults",
                .. more.Replace("PROGRAM", program, StringComparison.Ordinal).Split(' '),
            ];
            using var vm = i == 0 ? VmProcess.StartQemu(QemuPeer.Qemu10_0, "qemu-system-riscv64", options) : VmProcess.StartGodwit(options);
            Assert.Equal(0, vm.WaitForExit());
        }

        Assert.Equal(new FileInfo(trees[0]).Length, new FileInfo(trees[1]).Length);
        Assert.Equal(Source(trees[0]), Source(trees[1]));
    }

    [Fact]
    public void Loaders_OfEveryKind_LeaveWhatQemuLeaves()
    {
        using TemporaryDirectory directory = new();
        string flat = directory.File("flat");
        File.WriteAllBytes(flat, [.. Enumerable.Range(0, 5000).Select(i => (byte)(i * 7))]);
        string[] options =
        [
            .. LinuxGuest.Machine(harts: 4), "-bios", "none", "-S",
            "-device", "loader,addr=0x80300000,data=0x1122334455667788,data-len=3",
            "-device", "loader,addr=0x80300008,data=0x1122334455667788,data-len=5,data-be=on",
            "-device", $"loader,file={flat},addr=0x80400000",
            "-device", $"loader,file={flat},addr=0x80500000,cpu-num=1",
            "-device", "loader,addr=0x80600000,cpu-num=2",
            "-device", "loader,addr=0x80700000,data=7,data-len=4,cpu-num=3",
        ];
        using var qemu = VmProcess.StartQemu(QemuPeer.Qemu10_0, "qemu-system-riscv64", options);
        using var godwit = VmProcess.StartGodwit(options);
        Assert.Equal(Counters(qemu), Counters(godwit));
        Assert.Equal(Memory(qemu, 0x8030_0000, 5 << 20), Memory(godwit, 0x8030_0000, 5 << 20));
        Assert.Equal([0x1000, 0x8050_0000, 0x8060_0000, 0x1000], Counters(godwit));
    }

    private static byte[] Run(VmProcess vm)
    {
        vm.Qmp.WaitFor("the program", link => Regex.IsMatch(link.Human("info registers"), @"x31/t6\s+0+77\b"));
        return Memory(vm, Copies, ItemBytes * ItemCount);
    }

    private static byte[] Memory(VmProcess vm, ulong address, int count)
    {
        string file = vm.File("memory");
        vm.Qmp.Execute("pmemsave", new { val = address, size = count, filename = file });
        return File.ReadAllBytes(file);
    }

    private static ulong[] Counters(VmProcess vm) =>
        [.. Regex.Matches(vm.Qmp.Human("info registers -a"), @"\bpc\s+([0-9a-f]{16})").Select(m => Convert.ToUInt64(m.Groups[1].Value, 16))];

    private static string Source(string tree)
    {
        ProcessStartInfo start = new("dtc", ["-q", "-I", "dtb", "-O", "dts", tree]) { RedirectStandardOutput = true, UseShellExecute = false };
        using Process process = Process.Start(start)!;
        string text = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return Regex.Replace(text, "rng-seed = <[^>]*>", "rng-seed");
    }
}
