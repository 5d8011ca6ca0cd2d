namespace Godwit.Cli;

/// <summary>What the demonstration with Linux needs and this project does not contain.</summary>
/// <param name="Qemu">A <c>qemu-system-riscv64</c>.</param>
/// <param name="Kernel">A riscv64 kernel.</param>
/// <param name="Initrd">The test guest's initial RAM disk.</param>
internal sealed record LinuxDemoFiles(string Qemu, string Kernel, string Initrd)
{
    private const string Program = "qemu-system-riscv64";

    /// <summary>Finds the files in the cache of <c>eng/peers</c>, and QEMU also where the system has its programs.</summary>
    /// <exception cref="CommandException">Something is missing; the text says what to install.</exception>
    public static LinuxDemoFiles Find()
    {
        string cache = Path.Combine(
            Environment.GetEnvironmentVariable("GODWIT_CACHE")
                ?? Path.Combine(
                    Environment.GetEnvironmentVariable("XDG_CACHE_HOME") ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache"),
                    "godwit"),
            "peers");
        IEnumerable<string> folders = [Path.Combine(cache, "qemu-10.0", "bin"), Path.Combine(cache, "qemu-11.1", "bin"), .. SystemFolders()];
        string qemu = folders.Select(f => Path.Combine(f, Program)).FirstOrDefault(File.Exists)
            ?? throw Missing($"no {Program} found; install package qemu-system-riscv (10.0 or 11.1), or run 'eng/peers install qemu-10.0' in a checkout");
        string guest = Path.Combine(cache, "guest-riscv64");
        string kernel = Path.Combine(guest, "vmlinux");
        string? initrd = Directory.Exists(guest)
            ? Directory.EnumerateFiles(guest, "initrd-*").OrderByDescending(File.GetLastWriteTimeUtc).FirstOrDefault()
            : null;
        return initrd is not null && File.Exists(kernel)
            ? new LinuxDemoFiles(qemu, kernel, initrd)
            : throw Missing("no Linux guest found; run 'eng/guest' in a checkout: it fetches a Debian riscv64 kernel and makes the guest's RAM disk");
    }

    private static string[] SystemFolders() =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);

    private static CommandException Missing(string what) => new("demo --guest linux", what);
}
