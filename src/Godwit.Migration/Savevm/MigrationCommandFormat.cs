namespace Godwit.Migration;

/// <summary>Names and payloads of the commands (<c>docs/formats/commands.md</c>).</summary>
public static class MigrationCommandFormat
{
    /// <summary>Payload of a POSTCOPY_ADVISE that announces RAM: host page size and target page size. Any other is empty.</summary>
    public const int AdviseBytes = 16;

    private static readonly MessageLayout[] _layouts =
    [
        default,
        new("OPEN_RETURN_PATH", 0, 0),
        new("PING", sizeof(uint), sizeof(uint)),
        new("POSTCOPY_ADVISE", 0, AdviseBytes),
        new("POSTCOPY_LISTEN", 0, 0),
        new("POSTCOPY_RUN", 0, 0),
        new("POSTCOPY_RAM_DISCARD", 20, ushort.MaxValue),
        new("PACKAGED", sizeof(uint), sizeof(uint)),
        new("ENABLE_COLO", 0, 0),
        new("POSTCOPY_RESUME", 0, 0),
        new("RECV_BITMAP", 2, 1 + byte.MaxValue),
        new("SWITCHOVER_START", 0, 0),
    ];

    /// <summary>What is known of a command; null when there is no such command.</summary>
    public static MessageLayout? Find(MigrationCommand command) =>
        command == MigrationCommand.Invalid || (int)command >= _layouts.Length ? null : _layouts[(int)command];

    /// <summary>The command of a name.</summary>
    /// <exception cref="ArgumentException">There is no such command.</exception>
    public static MigrationCommand FindByName(string name)
    {
        int command = Array.FindIndex(_layouts, 1, layout => string.Equals(layout.Name, name, StringComparison.Ordinal));
        return command > 0 ? (MigrationCommand)command : throw new ArgumentException($"There is no command {name}.", nameof(name));
    }
}
