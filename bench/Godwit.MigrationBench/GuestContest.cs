using System.Diagnostics;
using System.Globalization;
using Godwit.Testing;

namespace Godwit.MigrationBench;

/// <summary>The Linux guest on Godwit and on QEMU 10.0, taking turns: time from start to init, the downtime of an idle guest, and the speed of a loop.</summary>
internal sealed class GuestContest(int runs, int warmup, TextWriter log)
{
    private static readonly TimeSpan _deadline = TimeSpan.FromMinutes(3);

    private delegate VmProcess Starter(params IEnumerable<string> arguments);

    /// <summary>Runs both measures and returns a Markdown table.</summary>
    public string Run()
    {
        (MedianOf boot, MedianOf qemuBoot, MedianOf bootRatio) = Compare("boot to init, 1 hart, s", Boot);
        (MedianOf pause, MedianOf qemuPause, MedianOf pauseRatio) = Compare("downtime of an idle guest, ms", IdleDowntime);
        (MedianOf speed, MedianOf qemuSpeed, MedianOf speedRatio) = Compare("hot loop, MIPS", start => HotLoop.MeasureMips(arguments => start(arguments)));
        return $"""
            | Linux guest, {runs} runs each, taking turns | Godwit | QEMU 10.0 | Godwit : QEMU |
            |---|---|---|---|
            | boot to init, 1 hart, s | {Show(boot)} | {Show(qemuBoot)} | {Show(bootRatio)} |
            | downtime of an idle guest, 1 hart, tcp, ms | {Show(pause)} | {Show(qemuPause)} | {Show(pauseRatio)} |
            | twelve instructions in a loop, 1 hart, MIPS | {Show(speed)} | {Show(qemuSpeed)} | {Show(speedRatio)} |
            """;
    }

    private static string Show(MedianOf value) =>
        string.Create(CultureInfo.InvariantCulture, $"{value.Median:F2} ({value.Low:F2}-{value.High:F2})");

    private static VmProcess Qemu(params IEnumerable<string> arguments) =>
        VmProcess.StartQemu(QemuPeer.Qemu10_0, "qemu-system-riscv64", arguments);

    private (MedianOf Godwit, MedianOf Qemu, MedianOf Ratio) Compare(string what, Func<Starter, double> measure)
    {
        List<double> ours = [], theirs = [];
        for (int run = -warmup; run < runs; run++)
        {
            double godwit = measure(VmProcess.StartGodwit);
            double qemu = measure(Qemu);
            log.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{what}: Godwit {godwit:F2}, QEMU {qemu:F2}{(run < 0 ? " (warm-up)" : "")}"));
            if (run < 0)
                continue;
            ours.Add(godwit);
            theirs.Add(qemu);
        }

        return (MedianOf.Of(ours), MedianOf.Of(theirs), MedianOf.Of(ours.Zip(theirs, (a, b) => a / b)));
    }

    private static double Boot(Starter start)
    {
        using var folder = new TemporaryDirectory();
        string console = folder.File("console");
        Stopwatch watch = Stopwatch.StartNew();
        using VmProcess vm = start([.. LinuxGuest.Machine(), "-serial", $"file:{console}", .. LinuxGuest.Image.Boot("idle")]);
        WaitForInit(vm, console);
        return watch.Elapsed.TotalSeconds;
    }

    private static double IdleDowntime(Starter start)
    {
        using var folder = new TemporaryDirectory();
        string console = folder.File("console");
        string address = $"unix:{folder.File("stream")}";
        using VmProcess source = start([.. LinuxGuest.Machine(), "-serial", $"file:{console}", .. LinuxGuest.Image.Boot("idle")]);
        using VmProcess target = start([.. LinuxGuest.Machine(), "-serial", $"file:{folder.File("console2")}", "-incoming", address]);
        WaitForInit(source, console);
        target.Qmp.WaitFor("a listening destination", link => link.RunState == "inmigrate");
        source.Qmp.EnableCapabilities("return-path");
        source.Qmp.Execute("migrate", new { uri = address });
        source.Qmp.WaitForMigrationEnd(deadline: _deadline);
        return source.Qmp.Execute("query-migrate").GetProperty("downtime").GetDouble();
    }

    private static void WaitForInit(VmProcess vm, string console)
    {
        Stopwatch watch = Stopwatch.StartNew();
        while (!(File.Exists(console) && File.ReadAllText(console).Contains("guest: ready", StringComparison.Ordinal)))
        {
            if (vm.HasExited || watch.Elapsed > _deadline)
                throw new BenchException($"the guest did not come up: {vm.Output}");
            Thread.Sleep(10);
        }
    }
}
