using System.Diagnostics.CodeAnalysis;

namespace Godwit.Qmp;

/// <summary>The commands that a server offers after the negotiation.</summary>
public interface IQmpCommandTable
{
    /// <summary>All commands.</summary>
    IReadOnlyCollection<QmpCommand> Commands { get; }

    /// <summary>Looks a command up by its exact name.</summary>
    /// <param name="name">Name on the wire.</param>
    /// <param name="command">The command.</param>
    bool TryFind(string name, [NotNullWhen(true)] out QmpCommand? command);
}
