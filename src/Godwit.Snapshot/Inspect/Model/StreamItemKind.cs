namespace Godwit.Snapshot;

/// <summary>What an item of a stream is.</summary>
public enum StreamItemKind
{
    /// <summary>Magic and version, or the first message of a multifd channel.</summary>
    Header = 0,

    /// <summary>The configuration section.</summary>
    Configuration = 1,

    /// <summary>First section of an iterative entry.</summary>
    Start = 2,

    /// <summary>One round of an iterative entry.</summary>
    Part = 3,

    /// <summary>Last section of an iterative entry.</summary>
    End = 4,

    /// <summary>The whole state of a device.</summary>
    Full = 5,

    /// <summary>A command; PACKAGED has items of its own.</summary>
    Command = 6,

    /// <summary>End of the sections.</summary>
    Eof = 7,

    /// <summary>The JSON description.</summary>
    VmDescription = 8,

    /// <summary>A packet of a multifd channel.</summary>
    Packet = 9,

    /// <summary>A message of a return path.</summary>
    Message = 10,
}
