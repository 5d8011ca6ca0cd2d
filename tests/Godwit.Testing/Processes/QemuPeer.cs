using System.Diagnostics;

namespace Godwit.Testing;

/// <summary>A real QEMU of one version, set up by <c>eng/peers</c>.</summary>
public sealed class QemuPeer
{
    private readonly Lazy<string> _folder;

    private QemuPeer(string name) => _folder = new(() => Locate(name));

    /// <summary>QEMU 10.0.x.</summary>
    public static QemuPeer Qemu10_0 { get; } = new("qemu-10.0");

    /// <summary>QEMU 11.1.x.</summary>
    public static QemuPeer Qemu11_1 { get; } = new("qemu-11.1");

    /// <summary>The folder that holds the Debian riscv64 kernel (<c>vmlinux</c>), a static <c>busybox</c> and the unpacked packages.</summary>
    public static string GuestRiscV64 => Locate("guest-riscv64");

    /// <summary>The full path of a program of this peer.</summary>
    /// <param name="name">For instance <c>qemu-system-x86_64</c>.</param>
    public string Program(string name) => Path.Combine(_folder.Value, "bin", name);

    /// <summary>The OpenSBI firmware that this QEMU carries.</summary>
    public string OpenSbi => Path.Combine(_folder.Value, "tree/usr/share/qemu/opensbi-riscv64-generic-fw_dynamic.bin");

    private static string Locate(string peer)
    {
        ProcessStartInfo start = new(Path.Combine(Repository.Root, "eng", "peers")) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add("path");
        start.ArgumentList.Add(peer);
        using Process process = Process.Start(start)!;
        string path = process.StandardOutput.ReadToEnd().Trim();
        string error = process.StandardError.ReadToEnd().Trim();
        process.WaitForExit();
        return process.ExitCode == 0 ? path : throw new InvalidOperationException(error);
    }
}
