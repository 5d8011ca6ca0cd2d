namespace Godwit.Migration;

/// <summary>Numbers of the messages a destination sends (<c>docs/formats/return-path.md</c>).</summary>
public enum ReturnPathMessageType : ushort
{
    /// <summary>Not a message.</summary>
    Invalid = 0,

    /// <summary>The destination is done: 0 for success.</summary>
    Shut = 1,

    /// <summary>Answer to a PING.</summary>
    Pong = 2,

    /// <summary>Page request that names its block.</summary>
    RequestPagesWithName = 3,

    /// <summary>Page request in the block of the previous one.</summary>
    RequestPages = 4,

    /// <summary>Received bitmap of a block; the bitmap follows the message.</summary>
    RecvBitmap = 5,

    /// <summary>The destination is ready to go on after a recovery.</summary>
    ResumeAck = 6,

    /// <summary>The destination approves the switchover.</summary>
    SwitchoverAck = 7,
}
