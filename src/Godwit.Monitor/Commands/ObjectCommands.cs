using System.Text.Json.Nodes;
using Godwit.Machine;
using Godwit.Qmp;
using Godwit.Vmm;

namespace Godwit.Monitor;

/// <summary>Properties of objects by path: the machine's type, and the balloon's statistics.</summary>
internal sealed class ObjectCommands(VirtualMachine machine)
{
    private const string TypeOfMachine = "virt-machine";
    private const string TypeOfBalloon = "virtio-balloon-device";
    private const string Statistics = "guest-stats";
    private const string PollingInterval = "guest-stats-polling-interval";

    public void AddTo(QmpCommandTable table)
    {
        table.Add(MonitorContext.Command("qom-get", [new("path", QmpType.Text), new("property", QmpType.Text)], Get));
        table.Add(MonitorContext.Command(
            "qom-set", [new("path", QmpType.Text), new("property", QmpType.Text), new("value", QmpType.Any)], Set));
    }

    private JsonNode? Get(QmpArguments arguments, QmpCommandContext context)
    {
        string path = arguments.GetString("path");
        string property = arguments.GetString("property");
        if (path == "/machine")
            return property == "type" ? JsonValue.Create(TypeOfMachine) : throw NotFound(TypeOfMachine, property);
        VirtioBalloon balloon = FindBalloon(path);
        return property switch
        {
            "type" => JsonValue.Create(TypeOfBalloon),
            Statistics => Describe(balloon.Statistics),
            PollingInterval => JsonValue.Create(balloon.PollingSeconds),
            _ => throw NotFound(TypeOfBalloon, property),
        };
    }

    private JsonNode? Set(QmpArguments arguments, QmpCommandContext context)
    {
        VirtioBalloon balloon = FindBalloon(arguments.GetString("path"));
        string property = arguments.GetString("property");
        if (property is Statistics or "type")
            throw new QmpException($"Property '{TypeOfBalloon}.{property}' is not writable");
        if (property != PollingInterval)
            throw NotFound(TypeOfBalloon, property);
        if (!arguments.Members["value"].TryGetInteger(out Int128 seconds))
            throw new QmpException($"Invalid parameter type for '{PollingInterval}', expected: integer");
        if (seconds < 0)
            throw new QmpException("timer value must be greater than zero");
        if (seconds > uint.MaxValue)
            throw new QmpException("timer value is too big");
        using (machine.BigLock.Enter())
            balloon.PollingSeconds = (uint)seconds;
        return null;
    }

    private VirtioBalloon FindBalloon(string path) =>
        machine.Balloon is { Id: { } id } balloon && path == $"/machine/peripheral/{id}"
            ? balloon
            : throw new QmpException(QmpErrorClass.DeviceNotFound, $"Device '{path}' not found");

    private static QmpException NotFound(string type, string property) => new($"Property '{type}.{property}' not found");

    private static JsonObject Describe(BalloonStatistics statistics)
    {
        var values = new JsonObject();
        for (int tag = 0; tag < BalloonStatistics.Names.Length; tag++)
            values[BalloonStatistics.Names[tag]] = statistics.Values[tag];
        return new JsonObject { ["stats"] = values, ["last-update"] = statistics.LastUpdate };
    }
}
