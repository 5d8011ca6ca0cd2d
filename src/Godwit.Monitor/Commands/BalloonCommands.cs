using System.Text.Json.Nodes;
using Godwit.Qmp;
using Godwit.Vmm;

namespace Godwit.Monitor;

/// <summary>The commands about the memory balloon.</summary>
internal sealed class BalloonCommands(VirtualMachine machine) : IHumanCommandSet
{
    private const int MebibyteBits = 20;

    public void AddTo(QmpCommandTable table)
    {
        table.Add(MonitorContext.Command("balloon", [new("value", QmpType.Signed64)], (a, _) => Set(a.GetInt64("value"))));
        table.Add(MonitorContext.Command("query-balloon", () => new JsonObject { ["actual"] = Left() }));
    }

    public IEnumerable<HumanCommand> HumanCommands() =>
    [
        new("balloon", [new("value", HumanArgumentKind.Number)], "target", "request VM to change its memory allocation (in MB)",
            (a, _) => Set(Math.Clamp(a.Number("value"), 0, long.MaxValue >> MebibyteBits) << MebibyteBits)),
    ];

    public IEnumerable<HumanCommand> HumanTopics() =>
        [new("balloon", [], "", "show balloon information", (_, o) => o.Line($"balloon: actual={Left() >> MebibyteBits}"))];

    private JsonNode? Set(long bytes)
    {
        Left(); // that there is one comes before what is wrong with the size
        machine.SetBalloon(bytes);
        return null;
    }

    private ulong Left() => machine.BalloonedRamBytes ?? throw new QmpException(QmpErrorClass.DeviceNotActive, "No balloon device has been activated");
}
