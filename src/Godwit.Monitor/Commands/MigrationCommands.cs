using System.Text.Json;
using System.Text.Json.Nodes;
using Godwit.Migration;
using Godwit.Qmp;
using Godwit.Vmm;
using Godwit.Wire;

namespace Godwit.Monitor;

/// <summary>The commands that start, steer and watch migrations.</summary>
internal sealed class MigrationCommands
{
    private readonly MonitorContext _context;
    private readonly VirtualMachine _machine;

    public MigrationCommands(MonitorContext context)
    {
        _context = context;
        _machine = context.Machine;
    }

    public void AddTo(QmpCommandTable table)
    {
        QmpType status = QmpType.Enumeration("MigrationStatus", Enum.GetValues<MigrationStatus>().Select(s => s.ToQapiName()));
        QmpType channels = QmpType.List(QmpType.Any);
        table.Add(MonitorContext.Command(
            "migrate",
            [new("uri", QmpType.Text, true), new("channels", channels, true), new("detach", QmpType.Boolean, true), new("resume", QmpType.Boolean, true)],
            Migrate));
        table.Add(MonitorContext.Command(
            "migrate-incoming",
            [new("uri", QmpType.Text, true), new("channels", channels, true), new("exit-on-error", QmpType.Boolean, true)],
            MigrateIncoming));
        table.Add(MonitorContext.Command("migrate_cancel", Cancel));
        table.Add(MonitorContext.Command("migrate-continue", [new("state", status)], (a, _) => Continue(a.GetString("state"))));
        table.Add(MonitorContext.Command("migrate-start-postcopy", StartPostcopy));
        table.Add(MonitorContext.Command("migrate-pause", [], (_, _) => Pause(), allowsOutOfBand: true));
        table.Add(MonitorContext.Command("migrate-recover", [new("uri", QmpType.Text)], (_, _) => Recover(), allowsOutOfBand: true));
        table.Add(MonitorContext.Command("query-migrate", () => MigrationReply.Build(_machine)));
        table.Add(MonitorContext.Command("query-migrate-capabilities", QueryCapabilities));
        table.Add(MonitorContext.Command("query-migrate-parameters", QueryParameters));
        table.Add(MonitorContext.Command("query-migrationthreads", QueryThreads));
        QmpType capability = QmpType.Structure(
            "MigrationCapabilityStatus",
            new QmpMember("capability", QmpType.Enumeration("MigrationCapability", MigrationCapabilityTable.All.Select(c => c.Name))),
            new QmpMember("state", QmpType.Boolean));
        table.Add(MonitorContext.Command("migrate-set-capabilities", [new("capabilities", QmpType.List(capability))], SetCapabilities));
        table.Add(MonitorContext.Command("migrate-set-parameters", ParameterMembers(), SetParameters));
        AddYank(table);
    }

    public JsonNode? Cancel()
    {
        _machine.Outgoing.Cancel();
        return null;
    }

    public JsonNode? Continue(string state)
    {
        if (!MigrationStatusNames.TryParse(state, out MigrationStatus status))
            throw new QmpException($"Parameter 'state' does not accept value '{state}'");
        _machine.Outgoing.Continue(status);
        return null;
    }

    public JsonNode? StartPostcopy()
    {
        MigrationCapabilities on = _machine.Settings.Capabilities;
        if (!on.PostcopyRam && !on[MigrationCapability.DirtyBitmaps])
            throw new QmpException("Enable postcopy with migrate_set_capability before the start of migration");
        if (_machine.Outgoing.Status == MigrationStatus.None)
            throw new QmpException("Postcopy must be started after migration has been started");
        return null;
    }

    public static JsonNode? Pause() =>
        throw new QmpException("migrate-pause is currently only supported during postcopy-active or postcopy-recover state");

    public static JsonNode? Recover() => throw new QmpException("Migrate recover can only be run when postcopy is paused.");

    /// <summary>Starts an outgoing migration to a URI.</summary>
    public void Start(string uri, bool resume, QmpNamedFiles files) =>
        Start(MigrationAddress.ParseUri(uri), resume, files);

    /// <summary>Starts an incoming migration from a URI.</summary>
    public void Listen(string uri, bool exitOnError, QmpNamedFiles files)
    {
        CheckIncoming();
        _machine.Incoming.Listen(MigrationAddress.ParseUri(uri), exitOnError, new MonitorFdResolver(files, _context.FdSets));
    }

    private JsonNode? Migrate(QmpArguments arguments, QmpCommandContext context)
    {
        Start(Address(arguments), arguments.GetBoolean("resume"), context.Files);
        return null;
    }

    private void Start(MigrationAddress address, bool resume, QmpNamedFiles files) =>
        _machine.Outgoing.Start(address, new MonitorFdResolver(files, _context.FdSets), resume);

    private JsonNode? MigrateIncoming(QmpArguments arguments, QmpCommandContext context)
    {
        CheckIncoming();
        _machine.Incoming.Listen(
            Address(arguments), arguments.GetBoolean("exit-on-error", absent: true), new MonitorFdResolver(context.Files, _context.FdSets));
        return null;
    }

    // These two come before anything that is said about the address.
    private void CheckIncoming()
    {
        if (_machine.Incoming.Status != MigrationStatus.None)
            throw new QmpException("The incoming migration has already been started");
        if (_machine.RunState != RunState.InMigrate)
            throw new QmpException("'-incoming' was not specified on the command line");
    }

    private static MigrationAddress Address(QmpArguments arguments)
    {
        string? uri = arguments.GetOptionalString("uri");
        JsonArray? channels = arguments.Has("channels") ? arguments.GetList("channels") : null;
        if (channels is { Count: 0 })
            channels = null;
        if ((uri is null) == (channels is null))
            throw new QmpException("need either 'uri' or 'channels' argument");
        if (uri is not null)
            return MigrationAddress.ParseUri(uri);
        using JsonDocument document = JsonDocument.Parse(QmpJsonWriter.Format(channels), new JsonDocumentOptions { MaxDepth = 1100 });
        return MigrationAddress.FromChannels(document.RootElement);
    }

    private JsonArray QueryCapabilities()
    {
        MigrationCapabilities on = _machine.Settings.Capabilities;
        var result = new JsonArray();
        foreach (MigrationCapabilityInfo info in MigrationCapabilityTable.All)
            result.Add((JsonNode)new JsonObject { ["capability"] = info.Name, ["state"] = on[info.Capability] });
        return result;
    }

    private JsonNode? SetCapabilities(QmpArguments arguments, QmpCommandContext context)
    {
        var changes = new List<KeyValuePair<string, bool>>();
        foreach (JsonNode? entry in arguments.GetList("capabilities"))
            changes.Add(KeyValuePair.Create(entry!["capability"]!.GetValue<string>(), entry["state"]!.GetValue<bool>()));
        _machine.Settings.SetCapabilities(changes);
        return null;
    }

    private JsonObject QueryParameters()
    {
        MigrationParameters parameters = _machine.Settings.Parameters;
        var result = new JsonObject();
        foreach (MigrationParameterInfo info in MigrationParameterTable.All)
        {
            MigrationParameterValue value = parameters[info.Parameter];
            if (value.IsInteger)
                result[info.Name] = value.Number;
            else if (value.IsBoolean)
                result[info.Name] = value.Flag;
            else if (value.IsText)
                result[info.Name] = value.Text;
        }

        return result;
    }

    private static IEnumerable<QmpMember> ParameterMembers() => MigrationParameterTable.All.Select(info => new QmpMember(
        info.Name,
        info.Kind switch
        {
            MigrationParameterKind.Boolean => QmpType.Boolean,
            MigrationParameterKind.Octet => QmpType.Unsigned8,
            MigrationParameterKind.Word => QmpType.Unsigned32,
            MigrationParameterKind.Size => QmpType.Size,
            MigrationParameterKind.Text => QmpType.StringOrNull,
            MigrationParameterKind.Choice => QmpType.Enumeration(info.Name, info.Choices),
            _ => QmpType.List(QmpType.Any),
        },
        IsOptional: true));

    private JsonNode? SetParameters(QmpArguments arguments, QmpCommandContext context)
    {
        var changes = new List<KeyValuePair<string, MigrationParameterValue>>();
        foreach ((string name, JsonNode? node) in arguments.Members)
            changes.Add(KeyValuePair.Create(name, Value(node)));
        _machine.Settings.SetParameters(changes);
        return null;
    }

    private static MigrationParameterValue Value(JsonNode? node)
    {
        if (node is null)
            return MigrationParameterValue.Null;
        if (node.TryGetInteger(out Int128 number))
            return number < 0 ? MigrationParameterValue.FromInteger((long)number) : MigrationParameterValue.FromInteger((ulong)number);
        return node.GetValueKind() switch
        {
            JsonValueKind.True => MigrationParameterValue.FromBoolean(true),
            JsonValueKind.False => MigrationParameterValue.FromBoolean(false),
            JsonValueKind.String => MigrationParameterValue.FromText(node.GetValue<string>()),
            _ => MigrationParameterValue.Other,
        };
    }

    private JsonArray QueryThreads()
    {
        var result = new JsonArray();
        if (_machine.Outgoing.Status.IsRunning())
            result.Add((JsonNode)new JsonObject { ["name"] = "mig/src/main", ["thread-id"] = Environment.ProcessId });
        return result;
    }

    private bool IsYankable => _machine.Outgoing.Status.IsRunning() || _machine.Incoming.Status is MigrationStatus.Setup or MigrationStatus.Active;

    private void AddYank(QmpCommandTable table)
    {
        QmpType instance = QmpType.Union(
            "YankInstance",
            [new QmpMember("type", QmpType.Enumeration("YankInstanceType", "block-node", "chardev", "migration"))],
            "type",
            [
                KeyValuePair.Create("block-node", new[] { new QmpMember("node-name", QmpType.Text) }),
                KeyValuePair.Create("chardev", new[] { new QmpMember("id", QmpType.Text) }),
            ]);
        table.Add(MonitorContext.Command("query-yank", [], (_, _) => QueryYank(), allowsOutOfBand: true));
        table.Add(MonitorContext.Command("yank", [new("instances", QmpType.List(instance))], (a, _) => Yank(a.GetList("instances")), allowsOutOfBand: true));
    }

    private JsonArray QueryYank()
    {
        var result = new JsonArray();
        foreach ((string label, _) in _context.Monitors)
            result.Add((JsonNode)new JsonObject { ["type"] = "chardev", ["id"] = label });
        if (IsYankable)
            result.Add((JsonNode)new JsonObject { ["type"] = "migration" });
        return result;
    }

    private JsonNode? Yank(JsonArray instances)
    {
        foreach (JsonNode? entry in instances)
        {
            if (entry!["type"]!.GetValue<string>() != "migration" || !IsYankable)
                throw new QmpException(QmpErrorClass.DeviceNotFound, "Instance not found");
        }

        if (instances.Count == 0)
            return null;
        if (_machine.Outgoing.Status.IsRunning())
            _machine.Outgoing.RamChanged("The connection was shut down by yank");
        if (_machine.Incoming.Status is MigrationStatus.Setup or MigrationStatus.Active)
            _machine.Incoming.Stop();
        return null;
    }
}
