using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace Godwit.Cli;

/// <summary>
/// Migrates a running Linux from a real QEMU to Godwit and back, as often as asked for, while it counts seconds, sums up memory and complains
/// about whatever is wrong.
/// </summary>
internal sealed class LinuxDemoRunner(DemoOptions options, LinuxDemoFiles files, Func<int, string, IMigrationProgress> progressOf, Action<string> note)
{
    private const ulong MemoryBytes = 128UL << 20;

    // The machine that both sides have; docs/formats/virt-sections.md.
    private const string Cpu = "rv64,h=off,sstc=off,svadu=off,svvptc=off,zawrs=off,zfa=off,zba=off,zbb=off,zbc=off,zbs=off,"
        + "zicbom=off,zicbop=off,zicboz=off,zihintntl=off,zihintpause=off,zihpm=off,pmu-mask=0,debug=off,sv39=on";

    private static readonly TimeSpan _guestDeadline = TimeSpan.FromSeconds(180);

    private readonly StringBuilder _past = new();
    private readonly List<DemoHop> _hops = [];
    private int _processes;

    /// <summary>Runs it; the hops, whose rounds are the guest's seconds.</summary>
    /// <exception cref="CommandException">A hop failed, or the guest lost something.</exception>
    public async Task<IReadOnlyList<DemoHop>> RunAsync(CancellationToken interrupt)
    {
        string directory = Directory.CreateTempSubdirectory("godwit-demo-").FullName;
        try
        {
            note($"starting Linux in {files.Qemu}");
            VmProcess current = await StartAsync(
                directory,
                isQemu: true,
                ["-kernel", files.Kernel, "-initrd", files.Initrd, "-append", "console=ttyS0 quiet gw.mode=load"],
                interrupt);
            try
            {
                await WaitForTicksAsync(current, 2, interrupt);
                for (int number = 1; number <= options.Hops; number++)
                {
                    VmProcess next = await StartAsync(directory, isQemu: number % 2 == 0, ["-incoming", "defer"], interrupt);
                    try
                    {
                        await HopAsync(number, current, next, interrupt);
                        (current, next) = (next, current);
                    }
                    finally
                    {
                        await next.DisposeAsync();
                    }
                }
            }
            finally
            {
                await current.DisposeAsync();
            }

            return _hops;
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    /// <summary>The report as JSON.</summary>
    public static JsonObject ToJson(IReadOnlyList<DemoHop> hops, TimeSpan elapsed) => new()
    {
        ["success"] = true,
        ["guest"] = "linux",
        ["memory_bytes"] = MemoryBytes,
        ["hops"] = new JsonArray([.. hops.Select(h => (JsonNode?)DemoReport.HopToJson(h))]),
        ["elapsed_ms"] = (long)elapsed.TotalMilliseconds,
    };

    /// <summary>The report as text.</summary>
    public static void Write(TextWriter output, IReadOnlyList<DemoHop> hops, TimeSpan elapsed)
    {
        foreach (DemoHop hop in hops)
        {
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"hop {hop.Number}: {hop.Route}"));
            MigrationReport.Write(output, hop.Outcome.Source);
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {"guest",-12} went on to second {hop.GuestRounds[^1]}; none is missing, no violation"));
        }

        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"done in {elapsed.TotalSeconds:0.0} s"));
    }

    private async Task<VmProcess> StartAsync(string directory, bool isQemu, IEnumerable<string> more, CancellationToken interrupt) =>
        await VmProcess.StartAsync(
            directory,
            string.Create(CultureInfo.InvariantCulture, $"vm{++_processes}"),
            ["-cpu", Cpu, "-m", string.Create(CultureInfo.InvariantCulture, $"{MemoryBytes >> 20}"), .. more],
            interrupt,
            isQemu ? files.Qemu : null);

    private async Task HopAsync(int number, VmProcess from, VmProcess to, CancellationToken interrupt)
    {
        string route = string.Create(CultureInfo.InvariantCulture, $"{Name(number - 1)} {from.Id} to {Name(number)} {to.Id}");
        MigrationOutcome outcome = await DemoMigration.RunAsync(options, number, route, from, to, progressOf, interrupt);

        // Ended in order, so that its last line is in the file.
        await from.DisposeAsync();
        _past.Append(from.Console.Text());
        int known = GuestConsole.Ticks(_past.ToString()).Count;
        await WaitForTicksAsync(to, known + 2, interrupt);
        string text = _past + to.Console.Text();
        IReadOnlyList<ulong> ticks = GuestConsole.Ticks(text);
        for (int i = 0; i < ticks.Count; i++)
        {
            if (ticks[i] != (ulong)i + 1)
                throw new CommandException($"hop {number}", $"the guest's second {i + 1} is missing", route);
        }

        note(string.Create(CultureInfo.InvariantCulture, $"hop {number}: Linux goes on in {Name(number)} {to.Id}, now in second {ticks[^1]}"));
        _hops.Add(new DemoHop(number, route, outcome, [.. ticks.Skip(known)]));
    }

    private static string Name(int hop) => hop % 2 == 0 ? "qemu" : "godwit";

    private async Task WaitForTicksAsync(VmProcess vm, int count, CancellationToken interrupt)
    {
        long deadline = Environment.TickCount64 + (long)_guestDeadline.TotalMilliseconds;
        while (GuestConsole.Ticks(_past + vm.Console.Text()).Count < count)
        {
            if (vm.Console.Violation() is { } violation)
                throw new CommandException("demo", $"the guest complained: {violation}", $"process {vm.Id}");
            if (Environment.TickCount64 > deadline)
                throw new CommandException("demo", $"the guest did not go on within {_guestDeadline.TotalSeconds} s", $"process {vm.Id}");
            await Task.Delay(TimeSpan.FromMilliseconds(50), interrupt);
        }
    }
}
