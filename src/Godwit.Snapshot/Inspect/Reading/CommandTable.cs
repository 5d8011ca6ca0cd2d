namespace Godwit.Snapshot;

/// <summary>Names and payload lengths of commands and return-path messages (docs/formats/commands.md, return-path.md).</summary>
internal static class CommandTable
{
    private static readonly (string Name, int Least, int Most)[] _commands =
    [
        ("INVALID", -1, -1),
        ("OPEN_RETURN_PATH", 0, 0),
        ("PING", 4, 4),
        ("POSTCOPY_ADVISE", 0, 16),
        ("POSTCOPY_LISTEN", 0, 0),
        ("POSTCOPY_RUN", 0, 0),
        ("POSTCOPY_RAM_DISCARD", 20, ushort.MaxValue),
        ("PACKAGED", 4, 4),
        ("ENABLE_COLO", 0, 0),
        ("POSTCOPY_RESUME", 0, 0),
        ("RECV_BITMAP", 2, 256),
        ("SWITCHOVER_START", 0, 0),
    ];

    private static readonly (string Name, int Least, int Most)[] _messages =
    [
        ("INVALID", -1, -1),
        ("SHUT", 4, 4),
        ("PONG", 4, 4),
        ("REQ_PAGES_ID", 13, 512),
        ("REQ_PAGES", 12, 12),
        ("RECV_BITMAP", 2, 256),
        ("RESUME_ACK", 4, 4),
        ("SWITCHOVER_ACK", 0, 0),
    ];

    /// <summary>Finds a command; id 0 and unknown ids give null.</summary>
    public static (string Name, int Least, int Most)? FindCommand(ushort id) => Find(_commands, id);

    /// <summary>Finds a return-path message; id 0 and unknown ids give null.</summary>
    public static (string Name, int Least, int Most)? FindMessage(ushort id) => Find(_messages, id);

    /// <summary>The id of a command's name.</summary>
    public static ushort GetCommandId(string name) => (ushort)Array.FindIndex(_commands, command => command.Name.Equals(name, StringComparison.Ordinal));

    private static (string Name, int Least, int Most)? Find((string, int, int)[] table, ushort id) =>
        id == 0 || id >= table.Length ? null : table[id];
}
