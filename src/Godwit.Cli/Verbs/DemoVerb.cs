using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Godwit.Wire;

namespace Godwit.Cli;

/// <summary><c>godwit demo</c>: the main job in one command.</summary>
internal sealed class DemoVerb : IVerb
{
    private readonly ICommandHost _host;
    private readonly Option<string> _memory = new("--memory") { Description = "memory of the staircase guest (default 256M)", DefaultValueFactory = _ => "256M", HelpName = "SIZE" };
    private readonly Option<string> _dirtyRate = new("--dirty-rate") { Description = "bytes per second that the staircase guest writes; 0 for as fast as it can (default 64M)", DefaultValueFactory = _ => "64M", HelpName = "SIZE" };
    private readonly Option<string> _transport = new("--transport") { Description = "how the processes are connected", DefaultValueFactory = _ => "tcp" };
    private readonly Option<string> _hops = new("--hops") { Description = "number of migrations, there and back (default 2)", DefaultValueFactory = _ => "2", HelpName = "N" };
    private readonly Option<string> _guest = new("--guest") { Description = "what runs inside; linux goes from a real QEMU to Godwit and back", DefaultValueFactory = _ => "staircase" };
    private readonly Option<bool> _json = new("--json") { Description = "print one JSON document" };

    public DemoVerb(ICommandHost host)
    {
        _host = host;
        AcceptOnly(_transport, "tcp", "unix");
        AcceptOnly(_guest, "staircase", "linux");
        Command = new Command("demo", "live-migrate a guest between two VM processes while it writes, and verify it") { _memory, _dirtyRate, _transport, _hops, _guest, _json };
        Command.SetAction(RunAsync);
    }

    public Command Command { get; }

    public string Example => "godwit demo --memory 1G --dirty-rate 100M --transport unix --hops 4";

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken interrupt)
    {
        bool json = parsed.GetValue(_json);
        RefuseWithoutEffect(parsed);
        DemoOptions options = ParseOptions(parsed);
        if (parsed.GetValue(_guest) == "linux")
            return await RunLinuxAsync(options, json, interrupt);
        var runner = new DemoRunner(options, Progress, _host.Error.WriteLine);
        DemoResult result = await runner.RunAsync(interrupt);
        if (json)
            _host.Out.WriteLine(JsonText.Format(DemoReport.ToJson(result)));
        else
            DemoReport.Write(_host.Out, result);
        if (DemoReport.IsSuccess(result))
            return ExitCode.Done;
        string why = result.Memory.IsStaircase ? $"{result.Memory.ViolationCount} pages of the guest's memory are wrong" : "the memory is not the guest's";
        foreach (string violation in result.Memory.Violations)
            _host.Error.WriteLine($"godwit: demo: {violation}");
        _host.Error.WriteLine($"godwit: demo: {why}");
        return ExitCode.Failed;
    }

    private async Task<int> RunLinuxAsync(DemoOptions options, bool json, CancellationToken interrupt)
    {
        var watch = Stopwatch.StartNew();
        var runner = new LinuxDemoRunner(options, LinuxDemoFiles.Find(), Progress, _host.Error.WriteLine);
        IReadOnlyList<DemoHop> hops = await runner.RunAsync(interrupt);
        if (json)
            _host.Out.WriteLine(JsonText.Format(LinuxDemoRunner.ToJson(hops, watch.Elapsed)));
        else
            LinuxDemoRunner.Write(_host.Out, hops, watch.Elapsed);
        return ExitCode.Done;
    }

    private IMigrationProgress Progress(int hop, string route) => _host.LiveConsole is { } console
        ? new LiveMigrationProgress(console, $"hop {hop}: {route}")
        : new PlainMigrationProgress(_host.Error, $"hop {hop}: ");

    // The Linux guest has a size and a load of its own.
    private void RefuseWithoutEffect(ParseResult parsed)
    {
        if (parsed.GetValue(_guest) != "linux")
            return;
        foreach (Option<string> option in (Option<string>[])[_memory, _dirtyRate])
        {
            if (parsed.GetResult(option) is { Implicit: false })
                throw CommandException.Usage(option.Name, "has no effect with --guest linux");
        }
    }

    private DemoOptions ParseOptions(ParseResult parsed)
    {
        string memory = parsed.GetRequiredValue(_memory);
        string rate = parsed.GetRequiredValue(_dirtyRate);
        string count = parsed.GetRequiredValue(_hops);
        if (!SizeText.TryParse(memory, 1UL << 20, out ulong bytes) || bytes < 4UL << 20 || bytes > 1UL << 36 || bytes % 4096 != 0)
            throw CommandException.Usage($"--memory {memory}", "expected 4M to 64G in whole pages");
        if (!SizeText.TryParse(rate, 1, out ulong bytesPerSecond) || bytesPerSecond is > 0 and < 4096)
            throw CommandException.Usage($"--dirty-rate {rate}", "expected at least 4096 bytes per second, or 0");
        if (!int.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out int hops) || hops is < 1 or > 10_000)
            throw CommandException.Usage($"--hops {count}", "expected 1 to 10000");
        return new DemoOptions
        {
            MemoryBytes = bytes,
            DirtyBytesPerSecond = bytesPerSecond,
            UsesTcp = parsed.GetValue(_transport) != "unix",
            Hops = hops,
        };
    }

    // The library's own restriction does not say which option it is about.
    private static void AcceptOnly(Option<string> option, string first, string second)
    {
        option.HelpName = $"{first}|{second}";
        option.CompletionSources.Add(first, second);
        option.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var value }] && value != first && value != second)
                result.AddError($"{option.Name} {value}: expected {first} or {second}");
        });
    }
}
