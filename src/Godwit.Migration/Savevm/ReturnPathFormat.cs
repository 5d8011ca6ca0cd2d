namespace Godwit.Migration;

/// <summary>Names and sizes of the return path's messages (<c>docs/formats/return-path.md</c>).</summary>
public static class ReturnPathFormat
{
    /// <summary>Type and length of the payload, in front of each message.</summary>
    public const int HeaderBytes = 4;

    /// <summary>Longest payload a source accepts.</summary>
    public const int MaxPayloadBytes = 512;

    /// <summary>Payload of a page request without a block name: start and length.</summary>
    public const int RequestBytes = 12;

    /// <summary>Closes the bitmap that follows a RECV_BITMAP message.</summary>
    public const ulong BitmapEndMark = 0x0123456789abcdef;

    /// <summary>The only value of RESUME_ACK.</summary>
    public const uint ResumeAckValue = 1;

    private static readonly MessageLayout[] _layouts =
    [
        default,
        new("SHUT", sizeof(uint), sizeof(uint)),
        new("PONG", sizeof(uint), sizeof(uint)),
        new("REQ_PAGES_ID", RequestBytes + 1, MaxPayloadBytes),
        new("REQ_PAGES", RequestBytes, RequestBytes),
        new("RECV_BITMAP", 2, 1 + byte.MaxValue),
        new("RESUME_ACK", sizeof(uint), sizeof(uint)),
        new("SWITCHOVER_ACK", 0, 0),
    ];

    /// <summary>What is known of a message; null when there is no such message.</summary>
    public static MessageLayout? Find(ReturnPathMessageType type) =>
        type == ReturnPathMessageType.Invalid || (int)type >= _layouts.Length ? null : _layouts[(int)type];
}
