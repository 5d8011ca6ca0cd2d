namespace Godwit.Migration;

/// <summary>Sizes of the return path's messages (<c>docs/formats/return-path.md</c>).</summary>
public static class ReturnPathFormat
{
    /// <summary>Longest payload a source accepts.</summary>
    public const int MaxPayloadBytes = 512;

    /// <summary>Payload of a page request without a block name: start and length.</summary>
    public const int RequestBytes = 12;

    /// <summary>Closes the bitmap that follows a RECV_BITMAP message.</summary>
    public const ulong BitmapEndMark = 0x0123456789abcdef;

    /// <summary>The only value of RESUME_ACK.</summary>
    public const uint ResumeAckValue = 1;
}
