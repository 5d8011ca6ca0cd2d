using System.Text.Json.Nodes;
using Godwit.Accel;
using Godwit.Qmp;
using Godwit.Vmm;

namespace Godwit.Monitor;

/// <summary>The commands about how fast the guest dirties its memory, and about limits of that.</summary>
internal sealed class DirtyRateCommands(VirtualMachine machine) : IHumanCommandSet
{
    private const string Second = "second";
    private const string Millisecond = "millisecond";

    private static readonly string[] _modes = ["page-sampling", "dirty-ring", "dirty-bitmap"];
    private static readonly string[] _statuses = ["unstarted", "measuring", "measured"];

    public void AddTo(QmpCommandTable table)
    {
        QmpType unit = QmpType.Enumeration("TimeUnit", [Second, Millisecond]);
        QmpType mode = QmpType.Enumeration("DirtyRateMeasureMode", _modes);
        table.Add(MonitorContext.Command(
            "calc-dirty-rate",
            [
                new("calc-time", QmpType.Signed64), new("calc-time-unit", unit, true), new("sample-pages", QmpType.Signed64, true), new("mode", mode, true),
            ],
            Calculate));
        table.Add(MonitorContext.Command("query-dirty-rate", [new("calc-time-unit", unit, true)], Query));
        table.Add(MonitorContext.Command(
            "set-vcpu-dirty-limit", [new("cpu-index", QmpType.Signed64, true), new("dirty-rate", QmpType.Unsigned64)], SetLimit));
        table.Add(MonitorContext.Command("cancel-vcpu-dirty-limit", [new("cpu-index", QmpType.Signed64, true)], CancelLimit));
        table.Add(MonitorContext.Command("query-vcpu-dirty-limit", QueryLimits));
    }

    public IEnumerable<HumanCommand> HumanCommands() =>
    [
        new("calc_dirty_rate",
            [
                new("r", HumanArgumentKind.Flag), new("b", HumanArgumentKind.Flag), new("second", HumanArgumentKind.Number),
                new("sample_pages_per_GB", HumanArgumentKind.Number, true),
            ],
            "[-r] [-b] second [sample_pages_per_GB]",
            "start a round of guest dirty rate measurement (using -r to\n\t\t\t specify dirty ring as the method of calculation and\n\t\t\t -b to specify dirty bitmap as method of calculation)",
            Calculate),
        new("set_vcpu_dirty_limit", [new("dirty_rate", HumanArgumentKind.Number), new("cpu_index", HumanArgumentKind.Number, true)],
            "dirty_rate [cpu_index]", "set dirty page rate limit, use cpu_index to set limit\n\t\t\t\t\t on a specified virtual cpu",
            (a, o) => ChangeLimit(o, () => machine.SetDirtyLimit(Cpu(a), (ulong)Math.Max(0, a.Number("dirty_rate"))))),
        new("cancel_vcpu_dirty_limit", [new("cpu_index", HumanArgumentKind.Number, true)], "[cpu_index]",
            "cancel dirty page rate limit, use cpu_index to cancel\n\t\t\t\t\t limit on a specified virtual cpu",
            (a, o) => ChangeLimit(o, () => machine.CancelDirtyLimit(Cpu(a)))),
    ];

    public IEnumerable<HumanCommand> HumanTopics() =>
    [
        new("dirty_rate", [], "", "show dirty rate information", (_, o) => Print(o)),
        new("vcpu_dirty_limit", [], "", "show dirty page limit information of all vCPU", (_, o) => PrintLimits(o)),
    ];

    private JsonNode? Calculate(QmpArguments arguments, QmpCommandContext context)
    {
        long time = Math.Clamp(arguments.GetInt64("calc-time"), 0, 1_000_000);
        DirtyRateMode mode = arguments.GetOptionalString("mode") is { } word ? (DirtyRateMode)Array.IndexOf(_modes, word) : DirtyRateMode.PageSampling;
        machine.DirtyRate.Start(
            IsMilliseconds(arguments) ? TimeSpan.FromMilliseconds(time) : TimeSpan.FromSeconds(time), mode,
            arguments.Has("sample-pages") ? (int)Math.Clamp(arguments.GetInt64("sample-pages"), 0, int.MaxValue) : null);
        return null;
    }

    private JsonObject Query(QmpArguments arguments, QmpCommandContext context)
    {
        DirtyRateReport report = machine.DirtyRate.Report;
        bool isFine = IsMilliseconds(arguments);
        var reply = new JsonObject { ["status"] = _statuses[(int)report.Status], ["sample-pages"] = report.SamplePages };
        if (report.VcpuMebibytesPerSecond is { } rates)
            reply["vcpu-dirty-rate"] = new JsonArray([.. rates.Select(static (rate, cpu) => (JsonNode?)new JsonObject { ["id"] = cpu, ["dirty-rate"] = rate })]);
        if (report.MebibytesPerSecond is { } measured)
            reply["dirty-rate"] = measured;
        reply["mode"] = _modes[(int)report.Mode];
        reply["calc-time-unit"] = isFine ? Millisecond : Second;
        reply["start-time"] = report.StartTime?.ToUnixTimeSeconds() ?? 0;
        reply["calc-time"] = (long)(isFine ? report.Duration.TotalMilliseconds : report.Duration.TotalSeconds);
        return reply;
    }

    private JsonNode? SetLimit(QmpArguments arguments, QmpCommandContext context)
    {
        machine.SetDirtyLimit(Cpu(arguments), arguments.GetUInt64("dirty-rate"));
        return null;
    }

    private JsonNode? CancelLimit(QmpArguments arguments, QmpCommandContext context)
    {
        machine.CancelDirtyLimit(Cpu(arguments));
        return null;
    }

    private JsonArray QueryLimits() =>
    [
        .. machine.DirtyLimits.Select(static limit => (JsonNode?)new JsonObject
        {
            ["cpu-index"] = limit.CpuIndex, ["limit-rate"] = limit.LimitMebibytesPerSecond, ["current-rate"] = limit.MebibytesPerSecond,
        }),
    ];

    private void Calculate(HumanArguments arguments, HumanOutput output)
    {
        if (arguments.Has("r") && arguments.Has("b"))
        {
            output.Line("Either dirty ring or dirty bitmap can be specified!");
            return;
        }

        long seconds = arguments.Number("second");
        DirtyRateMode mode = arguments.Has("r") ? DirtyRateMode.DirtyRing : arguments.Has("b") ? DirtyRateMode.DirtyBitmap : DirtyRateMode.PageSampling;
        machine.DirtyRate.Start(
            TimeSpan.FromSeconds(Math.Clamp(seconds, 0, 1_000_000)), mode,
            arguments.Has("sample_pages_per_GB") ? (int)Math.Clamp(arguments.Number("sample_pages_per_GB"), 0, int.MaxValue) : null);
        output.Line($"Starting dirty rate measurement with period {seconds} seconds");
        output.Line("[Please use 'info dirty_rate' to check results]");
    }

    private void Print(HumanOutput output)
    {
        DirtyRateReport report = machine.DirtyRate.Report;
        output.Line($"Status: {_statuses[(int)report.Status]}");

        // Seconds, whatever the unit says.
        output.Line($"Start Time: {report.StartTime?.ToUnixTimeSeconds() ?? 0} (ms)");
        if (report.Mode == DirtyRateMode.PageSampling)
            output.Line($"Sample Pages: {report.SamplePages} (per GB)");
        output.Line($"Period: {(long)report.Duration.TotalSeconds} (sec)");
        output.Line($"Mode: {_modes[(int)report.Mode]}");
        output.Line(report.MebibytesPerSecond is { } rate ? $"Dirty rate: {rate} (MB/s)" : "Dirty rate: (not ready)");
        for (int cpu = 0; cpu < report.VcpuMebibytesPerSecond?.Count; cpu++)
            output.Line($"vcpu[{cpu}], Dirty rate: {report.VcpuMebibytesPerSecond[cpu]} (MB/s)");
    }

    private void PrintLimits(HumanOutput output)
    {
        if (machine.DirtyLimits is not { Count: > 0 } limits)
        {
            output.Line("Dirty page limit not enabled!");
            return;
        }

        foreach (VcpuDirtyLimit limit in limits)
            output.Line($"vcpu[{limit.CpuIndex}], limit rate {limit.LimitMebibytesPerSecond} (MB/s), current rate {limit.MebibytesPerSecond} (MB/s)");
    }

    private static void ChangeLimit(HumanOutput output, Action change)
    {
        change();
        output.Line("[Please use 'info vcpu_dirty_limit' to query dirty limit for virtual CPU]");
    }

    private static bool IsMilliseconds(QmpArguments arguments) => arguments.GetOptionalString("calc-time-unit") == Millisecond;

    private static long? Cpu(QmpArguments arguments) => arguments.Has("cpu-index") ? arguments.GetInt64("cpu-index") : null;

    private static long? Cpu(HumanArguments arguments) => arguments.Has("cpu_index") ? arguments.Number("cpu_index") : null;
}
