namespace Godwit.Migration;

/// <summary>One message of the return path, decoded.</summary>
/// <param name="Type">Which message.</param>
/// <param name="Value">SHUT, PONG and RESUME_ACK: the value.</param>
/// <param name="BlockName">REQ_PAGES_ID and RECV_BITMAP: the block.</param>
/// <param name="StartBytes">Page requests: offset in the block.</param>
/// <param name="LengthBytes">Page requests: number of bytes.</param>
public readonly record struct ReturnPathMessage(
    ReturnPathMessageType Type, uint Value = 0, string? BlockName = null, ulong StartBytes = 0, uint LengthBytes = 0);
