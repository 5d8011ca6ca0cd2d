using System.Collections.Immutable;
using System.Text.Json.Nodes;

namespace Godwit.Qmp;

/// <summary>A command: its name, the members of its arguments, and what it does.</summary>
public sealed class QmpCommand
{
    private readonly QmpStructureType _arguments;

    /// <summary>Declares a command.</summary>
    /// <param name="name">Name on the wire.</param>
    /// <param name="members">Members of the arguments, in the order in which they are checked.</param>
    /// <param name="handler">What it does; throws <see cref="QmpException"/> for an error reply.</param>
    /// <param name="allowsOutOfBand">True when <c>exec-oob</c> may be used.</param>
    public QmpCommand(string name, IEnumerable<QmpMember> members, QmpCommandHandler handler, bool allowsOutOfBand = false)
    {
        Name = name;
        Handler = handler;
        AllowsOutOfBand = allowsOutOfBand;
        _arguments = new QmpStructureType(name, [.. members], null, ImmutableDictionary<string, ImmutableArray<QmpMember>>.Empty);
    }

    /// <summary>Name on the wire.</summary>
    public string Name { get; }

    /// <summary>What it does.</summary>
    public QmpCommandHandler Handler { get; }

    /// <summary>True when <c>exec-oob</c> may be used.</summary>
    public bool AllowsOutOfBand { get; }

    /// <summary>Members of the arguments.</summary>
    public ImmutableArray<QmpMember> Members => _arguments.Members;

    /// <summary>Checks arguments and runs the handler.</summary>
    /// <param name="context">Who asked.</param>
    /// <param name="arguments">Unchecked arguments; null means none.</param>
    /// <param name="cancellationToken">Set when the client is gone.</param>
    /// <exception cref="QmpException">The arguments do not match, or the command failed.</exception>
    public ValueTask<JsonNode?> ExecuteAsync(QmpCommandContext context, JsonObject? arguments, CancellationToken cancellationToken)
    {
        JsonObject given = arguments ?? [];
        _arguments.CheckMembers(given, "");
        return Handler(context, new QmpArguments(given), cancellationToken);
    }
}
