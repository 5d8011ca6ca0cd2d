using System.Diagnostics;

namespace Godwit.Testing;

/// <summary>The Linux test guest: a Debian riscv64 kernel and the initrd made from <c>tests/guest/init</c>.</summary>
public sealed class LinuxGuest
{
    /// <summary>The CPU of the contract command line (<c>docs/formats/virt-sections.md</c>), in QEMU's spelling.</summary>
    public const string ContractCpu = "rv64,h=off,sstc=off,svadu=off,svvptc=off,zawrs=off,zfa=off,zba=off,zbb=off,zbc=off,zbs=off,"
        + "zicbom=off,zicbop=off,zicboz=off,zihintntl=off,zihintpause=off,zihpm=off,pmu-mask=0,debug=off,sv39=on";

    /// <summary>The machine of the contract command line.</summary>
    public const string ContractMachine = "virt,aia=none,aclint=off,acpi=off";

    private static readonly Lazy<LinuxGuest> _instance = new(Make);

    private LinuxGuest(string kernel, string initrd)
    {
        Kernel = kernel;
        Initrd = initrd;
    }

    /// <summary>The guest, made on first use.</summary>
    public static LinuxGuest Image => _instance.Value;

    /// <summary>The kernel's path.</summary>
    public string Kernel { get; }

    /// <summary>The initrd's path.</summary>
    public string Initrd { get; }

    /// <summary>The contract machine without a guest, as a destination needs it.</summary>
    public static string[] Machine(int harts = 1, string memory = "128") =>
        ["-M", ContractMachine, "-cpu", ContractCpu, "-smp", $"{harts}", "-m", memory, "-nodefaults"];

    /// <summary>The options that boot the guest.</summary>
    /// <param name="mode">What the guest does; see <c>tests/guest/init</c>.</param>
    /// <param name="more">Further words of the kernel command line.</param>
    public string[] Boot(string mode, string more = "") =>
        ["-kernel", Kernel, "-initrd", Initrd, "-append", $"console=ttyS0 earlycon=sbi gw.mode={mode} {more}".TrimEnd()];

    private static LinuxGuest Make()
    {
        ProcessStartInfo start = new(Path.Combine(Repository.Root, "eng", "guest")) { UseShellExecute = false, RedirectStandardOutput = true };
        using Process process = Process.Start(start)!;
        string[] lines = process.StandardOutput.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        process.WaitForExit();
        return process.ExitCode == 0 && lines.Length == 2
            ? new LinuxGuest(lines[0], lines[1])
            : throw new InvalidOperationException("eng/guest failed; see its output");
    }
}
