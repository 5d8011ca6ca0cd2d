using System.Diagnostics;
using System.Text;
using Godwit.Testing;

namespace Godwit.Interop.Tests;

/// <summary>A machine of one of the three hosts, with its serial console in a file.</summary>
internal sealed class LinuxVm : IDisposable
{
    /// <summary>The host that is this project's.</summary>
    public const string Godwit = "godwit";

    private readonly TemporaryDirectory _directory = new();

    private LinuxVm(string host, LinuxVmOptions options, IReadOnlyList<string> more)
    {
        Host = host;
        string[] arguments = [.. Arguments(options), "-serial", $"file:{ConsolePath}", .. options.More, .. more];
        Process = host switch
        {
            Godwit => VmProcess.StartGodwit(arguments),
            "10.0" => VmProcess.StartQemu(QemuPeer.Qemu10_0, "qemu-system-riscv64", arguments),
            _ => VmProcess.StartQemu(QemuPeer.Qemu11_1, "qemu-system-riscv64", arguments),
        };
    }

    /// <summary><c>godwit</c>, or the release of a QEMU.</summary>
    public string Host { get; }

    public VmProcess Process { get; }

    public QmpLink Qmp => Process.Qmp;

    /// <summary>What the guest printed here.</summary>
    public string Console
    {
        get
        {
            if (!File.Exists(ConsolePath))
                return "";
            using FileStream file = new(ConsolePath, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            using StreamReader reader = new(file, Encoding.Latin1);
            return reader.ReadToEnd();
        }
    }

    private string ConsolePath => _directory.File("console");

    public static LinuxVm Start(string host, LinuxVmOptions options, params IReadOnlyList<string> more) => new(host, options, more);

    /// <summary>Waits until what the guest printed satisfies a condition.</summary>
    public void WaitForConsole(string what, Func<string, bool> condition, TimeSpan? deadline = null)
    {
        TimeSpan limit = deadline ?? TimeSpan.FromSeconds(120);
        Stopwatch watch = Stopwatch.StartNew();
        while (!condition(Console))
        {
            if (Process.HasExited && !condition(Console))
                throw new InvalidOperationException($"{Host} ended while waiting for {what}; console: {Tail()}; it printed: {Process.Output}");
            if (watch.Elapsed > limit)
                throw new TimeoutException($"{Host}: waited {limit.TotalSeconds:F0} s for {what}; console: {Tail()}; it printed: {Process.Output}");
            Thread.Sleep(20);
        }
    }

    /// <summary>Ends the machine in order, so that its console is complete.</summary>
    public void Quit()
    {
        Qmp.Quit();
        Process.WaitForExit();
    }

    public void Dispose()
    {
        Process.Dispose();
        _directory.Dispose();
    }

    private static IEnumerable<string> Arguments(LinuxVmOptions options)
    {
        IEnumerable<string> arguments = LinuxGuest.Machine(options.Harts, options.Memory);
        if (options.Mode is { } mode)
            arguments = arguments.Concat(LinuxGuest.Image.Boot(mode, $"quiet {options.CommandLine}"));
        if (options.Disk is { } disk)
            arguments = arguments.Concat(["-drive", $"file={disk},format=raw,if=none,id=d0", "-device", "virtio-blk-device,drive=d0,bus=virtio-mmio-bus.0"]);
        if (options.HasAllDevices)
        {
            arguments = arguments.Concat(
            [
                "-netdev", "hubport,id=n0,hubid=0", "-device", "virtio-net-device,netdev=n0,bus=virtio-mmio-bus.1",
                "-device", "virtio-rng-device,bus=virtio-mmio-bus.2",
                "-chardev", "null,id=c0", "-device", "virtio-serial-device,bus=virtio-mmio-bus.3", "-device", "virtconsole,chardev=c0",
            ]);
        }

        return options.IsModern ? arguments.Concat(["-global", "virtio-mmio.force-legacy=false"]) : arguments;
    }

    private string Tail()
    {
        string text = Console;
        return text.Length > 600 ? text[^600..] : text;
    }
}
