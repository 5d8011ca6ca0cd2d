using System.Diagnostics.CodeAnalysis;

namespace Godwit.Qmp;

/// <summary>A command table that is filled once at start.</summary>
public sealed class QmpCommandTable : IQmpCommandTable
{
    private readonly Dictionary<string, QmpCommand> _commands = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    public IReadOnlyCollection<QmpCommand> Commands => _commands.Values;

    /// <summary>Adds a command.</summary>
    /// <param name="command">A command whose name is not taken.</param>
    /// <exception cref="ArgumentException">The name is taken.</exception>
    public void Add(QmpCommand command) => _commands.Add(command.Name, command);

    /// <inheritdoc/>
    public bool TryFind(string name, [NotNullWhen(true)] out QmpCommand? command) => _commands.TryGetValue(name, out command);
}
