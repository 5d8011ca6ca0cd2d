using System.Text.Json.Nodes;
using Godwit.Migration;
using Godwit.Qmp;
using Godwit.Vmm;
using Godwit.Wire;

namespace Godwit.Monitor;

/// <summary>What all commands of a machine's monitors share.</summary>
internal sealed class MonitorContext
{
    public MonitorContext(VirtualMachine machine) => Machine = machine;

    public VirtualMachine Machine { get; }

    public FdSets FdSets { get; } = new();

    /// <summary>Monitors by label and address, for <c>query-chardev</c>.</summary>
    public List<(string Label, string Address)> Monitors { get; } = [];

    /// <summary>Runs a line of the human monitor; set once both exist.</summary>
    public Func<string, QmpCommandContext, string> RunHumanLine { get; set; } = static (_, _) => "";

    /// <summary>Makes a command whose refusals become error replies.</summary>
    public static QmpCommand Command(string name, IEnumerable<QmpMember> members, Func<QmpArguments, QmpCommandContext, JsonNode?> handler, bool allowsOutOfBand = false) =>
        new(name, members, (context, arguments, _) => ValueTask.FromResult(Guard(() => handler(arguments, context))), allowsOutOfBand);

    /// <summary>Makes a command without arguments.</summary>
    public static QmpCommand Command(string name, Func<JsonNode?> handler) => Command(name, [], (_, _) => handler());

    /// <summary>Turns the refusals of the layers below into error replies.</summary>
    public static T Guard<T>(Func<T> action)
    {
        try
        {
            return action();
        }
        catch (Exception e) when (e is MigrationRefusedException or VmRefusedException or MigrationException)
        {
            throw new QmpException(e.Message);
        }
    }
}
