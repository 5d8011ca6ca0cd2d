using System.Text.Json.Nodes;
using Godwit.Machine;
using Godwit.Migration;
using Godwit.Qmp;
using Godwit.Vmm;

namespace Godwit.Monitor;

/// <summary>The commands about the machine as a whole: run state, identity, CPUs.</summary>
internal sealed class MachineCommands
{
    private readonly MonitorContext _context;
    private readonly VirtualMachine _machine;

    public MachineCommands(MonitorContext context)
    {
        _context = context;
        _machine = context.Machine;
    }

    public void AddTo(QmpCommandTable table)
    {
        AddRunCommands(table);
        table.Add(MonitorContext.Command("query-version", () => MonitorVersion.Presented.ToJson()));
        table.Add(MonitorContext.Command("query-commands", () => QueryCommands(table)));
        table.Add(MonitorContext.Command("query-name", QueryName));
        table.Add(MonitorContext.Command("query-uuid", () => new JsonObject { ["UUID"] = (_machine.Uuid ?? Guid.Empty).ToString("D") }));
        table.Add(MonitorContext.Command("query-kvm", () => new JsonObject { ["enabled"] = false, ["present"] = false }));
        table.Add(MonitorContext.Command("query-target", () => new JsonObject { ["arch"] = "riscv64" }));
        table.Add(MonitorContext.Command("query-cpus-fast", QueryCpus));
        table.Add(MonitorContext.Command("query-memory-size-summary", () => new JsonObject { ["base-memory"] = _machine.RamBytes }));
        table.Add(MonitorContext.Command("query-current-machine", () => new JsonObject { ["wakeup-suspend-support"] = false }));
        table.Add(MonitorContext.Command("query-chardev", QueryCharacterDevices));
        table.Add(MonitorContext.Command("query-qmp-schema", () => SchemaReply.Build(table.Commands)));
        foreach (string name in new[]
        {
            "query-block", "query-named-block-nodes", "query-block-jobs", "query-iothreads", "query-rx-filter",
        })
        {
            table.Add(MonitorContext.Command(name, () => new JsonArray()));
        }

        table.Add(MonitorContext.Command(
            "human-monitor-command",
            [new("command-line", QmpType.Text), new("cpu-index", QmpType.Signed64, true)],
            HumanCommand));
    }

    private void AddRunCommands(QmpCommandTable table)
    {
        table.Add(MonitorContext.Command("query-status", QueryStatus));
        table.Add(MonitorContext.Command("stop", () => Do(_machine.Stop)));
        table.Add(MonitorContext.Command("cont", () => Do(_machine.Continue)));
        table.Add(MonitorContext.Command("quit", () => Do(() => _machine.Quit("host-qmp-quit"))));
        table.Add(MonitorContext.Command("system_reset", () => Do(_machine.Reset)));
        table.Add(MonitorContext.Command("system_powerdown", () => Do(_machine.PowerDown)));
        table.Add(MonitorContext.Command(
            "announce-self",
            [
                new("initial", QmpType.Signed64), new("max", QmpType.Signed64), new("rounds", QmpType.Signed64), new("step", QmpType.Signed64),
            ],
            AnnounceSelf));
    }

    private JsonNode? AnnounceSelf(QmpArguments arguments, QmpCommandContext context)
    {
        _machine.AnnounceSelf(new AnnounceSchedule
        {
            InitialMilliseconds = arguments.GetInt64("initial"),
            MaximumMilliseconds = arguments.GetInt64("max"),
            Rounds = arguments.GetInt64("rounds"),
            StepMilliseconds = arguments.GetInt64("step"),
        });
        return null;
    }

    private static JsonNode? Do(Action action)
    {
        action();
        return null;
    }

    private JsonObject QueryStatus()
    {
        RunState state = _machine.RunState;
        return new JsonObject { ["status"] = state.ToQapiName(), ["running"] = state == RunState.Running };
    }

    private static JsonArray QueryCommands(QmpCommandTable table) =>
        [.. table.Commands.Select(c => c.Name).Append("qmp_capabilities").Order(StringComparer.Ordinal).Select(n => (JsonNode?)new JsonObject { ["name"] = n })];

    private JsonObject QueryName() => _machine.Name is { } name ? new JsonObject { ["name"] = name } : [];

    private JsonArray QueryCpus()
    {
        var result = new JsonArray();
        for (int i = 0; i < _machine.Cpus.Count; i++)
        {
            result.Add((JsonNode)new JsonObject
            {
                ["thread-id"] = _machine.Cpus[i].ThreadId,
                ["props"] = new JsonObject { ["core-id"] = i },
                ["qom-path"] = $"/machine/soc0/harts[{i}]",
                ["cpu-index"] = i,
                ["target"] = "riscv64",
            });
        }

        return result;
    }

    private JsonArray QueryCharacterDevices()
    {
        var result = new JsonArray();
        foreach ((string label, string address) in _context.Monitors)
            result.Add((JsonNode)new JsonObject { ["frontend-open"] = true, ["filename"] = address, ["label"] = label });
        return result;
    }

    private JsonNode? HumanCommand(QmpArguments arguments, QmpCommandContext context)
    {
        long cpu = arguments.GetInt64("cpu-index");
        if (cpu < 0 || cpu >= _machine.Cpus.Count)
            throw new QmpException("Parameter 'cpu-index' expects a CPU number");
        return JsonValue.Create(_context.RunHumanLine(arguments.GetString("command-line"), context));
    }
}
