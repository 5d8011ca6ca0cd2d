namespace Godwit.Machine;

/// <summary>What becomes of a request that failed on the host.</summary>
public enum DiskErrorAction
{
    /// <summary>The guest is told.</summary>
    Report = 0,

    /// <summary>The guest is told that all went well.</summary>
    Ignore = 1,

    /// <summary>The machine stops and keeps the request, which is tried again when the machine goes on.</summary>
    Stop = 2,

    /// <summary><see cref="Stop"/> when the host has no room, else <see cref="Report"/>.</summary>
    StopOnNoSpace = 3,
}
