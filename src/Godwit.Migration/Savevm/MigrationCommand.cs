namespace Godwit.Migration;

/// <summary>Numbers of the commands a source sends in the stream (<c>docs/formats/commands.md</c>).</summary>
public enum MigrationCommand : ushort
{
    /// <summary>Not a command.</summary>
    Invalid = 0,

    /// <summary>The destination may answer from now on.</summary>
    OpenReturnPath = 1,

    /// <summary>Asks for a PONG with the same value.</summary>
    Ping = 2,

    /// <summary>The source may switch to postcopy later.</summary>
    PostcopyAdvise = 3,

    /// <summary>The destination is to serve page faults.</summary>
    PostcopyListen = 4,

    /// <summary>The destination is to start the guest.</summary>
    PostcopyRun = 5,

    /// <summary>Page ranges the destination has to drop.</summary>
    PostcopyRamDiscard = 6,

    /// <summary>A nested stream follows.</summary>
    Packaged = 7,

    /// <summary>Checkpointing begins; older peers only.</summary>
    EnableColo = 8,

    /// <summary>A recovered postcopy goes on.</summary>
    PostcopyResume = 9,

    /// <summary>Asks for the received bitmap of a block.</summary>
    RecvBitmap = 10,

    /// <summary>The guest is stopped; the last sections follow.</summary>
    SwitchoverStart = 11,
}
