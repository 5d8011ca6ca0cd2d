using System.Buffers.Binary;
using System.Text;
using Godwit.Wire;

namespace Godwit.Migration;

/// <summary>The destination's half of the return path. Each message leaves in one write before the call returns.</summary>
/// <remarks>Any thread may send: loader, fault and listener threads share one path. <c>docs/formats/return-path.md</c></remarks>
public sealed class ReturnPathWriter
{
    private readonly Channel _channel;
    private readonly Lock _lock = new();
    private string? _lastRequestedBlock;

    /// <summary>Writes to the return direction of a main channel, which stays the caller's.</summary>
    public ReturnPathWriter(Channel channel) => _channel = channel ?? throw new ArgumentNullException(nameof(channel));

    /// <summary>The last message: 0 for success, anything else for failure.</summary>
    /// <exception cref="ChannelException">It could not be handed to the channel.</exception>
    public void Shut(uint value) => SendValue(ReturnPathMessageType.Shut, value);

    /// <summary>Answers a PING.</summary>
    /// <exception cref="ChannelException">The channel failed.</exception>
    public void Pong(uint value) => SendValue(ReturnPathMessageType.Pong, value);

    /// <summary>Says that a recovered postcopy may go on.</summary>
    /// <exception cref="ChannelException">The channel failed.</exception>
    public void ResumeAck() => SendValue(ReturnPathMessageType.ResumeAck, ReturnPathFormat.ResumeAckValue);

    /// <summary>Approves the switchover.</summary>
    /// <exception cref="ChannelException">The channel failed.</exception>
    public void SwitchoverAck() => Send(ReturnPathMessageType.SwitchoverAck, []);

    /// <summary>Asks for pages; the block is named when it is not the one of the previous request.</summary>
    /// <param name="blockName">The block, at most 255 bytes.</param>
    /// <param name="startBytes">Offset in the block, aligned to its page size.</param>
    /// <param name="lengthBytes">The block's page size.</param>
    /// <exception cref="ChannelException">The channel failed.</exception>
    public void RequestPages(string blockName, ulong startBytes, uint lengthBytes)
    {
        ArgumentNullException.ThrowIfNull(blockName);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(blockName.Length, byte.MaxValue, nameof(blockName));
        Span<byte> payload = stackalloc byte[ReturnPathFormat.RequestBytes + 1 + byte.MaxValue];
        BinaryPrimitives.WriteUInt64BigEndian(payload, startBytes);
        BinaryPrimitives.WriteUInt32BigEndian(payload[sizeof(ulong)..], lengthBytes);
        lock (_lock)
        {
            if (string.Equals(_lastRequestedBlock, blockName, StringComparison.Ordinal))
            {
                Send(ReturnPathMessageType.RequestPages, payload[..ReturnPathFormat.RequestBytes]);
                return;
            }

            payload[ReturnPathFormat.RequestBytes] = (byte)blockName.Length;
            Encoding.Latin1.GetBytes(blockName, payload[(ReturnPathFormat.RequestBytes + 1)..]);
            Send(ReturnPathMessageType.RequestPagesWithName, payload[..(ReturnPathFormat.RequestBytes + 1 + blockName.Length)]);
            _lastRequestedBlock = blockName;
        }
    }

    /// <summary>Sends the received bitmap of a block.</summary>
    /// <param name="blockName">The block, at most 255 bytes.</param>
    /// <param name="bitmap">One bit per target page, set when received, little-endian; a multiple of 8 bytes long.</param>
    /// <exception cref="ChannelException">The channel failed.</exception>
    public void RecvBitmap(string blockName, ReadOnlySpan<byte> bitmap)
    {
        ArgumentNullException.ThrowIfNull(blockName);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(blockName.Length, byte.MaxValue, nameof(blockName));
        Span<byte> name = stackalloc byte[1 + byte.MaxValue];
        name[0] = (byte)blockName.Length;
        Encoding.Latin1.GetBytes(blockName, name[1..]);
        Span<byte> number = stackalloc byte[sizeof(ulong)];
        lock (_lock)
        {
            Send(ReturnPathMessageType.RecvBitmap, name[..(1 + blockName.Length)]);
            BinaryPrimitives.WriteUInt64BigEndian(number, (ulong)bitmap.Length);
            _channel.Write(number);
            _channel.Write(bitmap);
            BinaryPrimitives.WriteUInt64BigEndian(number, ReturnPathFormat.BitmapEndMark);
            _channel.Write(number);
        }
    }

    private void SendValue(ReturnPathMessageType type, uint value)
    {
        Span<byte> payload = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32BigEndian(payload, value);
        Send(type, payload);
    }

    private void Send(ReturnPathMessageType type, ReadOnlySpan<byte> payload)
    {
        Span<byte> message = stackalloc byte[ReturnPathFormat.HeaderBytes + ReturnPathFormat.MaxPayloadBytes];
        BinaryPrimitives.WriteUInt16BigEndian(message, (ushort)type);
        BinaryPrimitives.WriteUInt16BigEndian(message[sizeof(ushort)..], (ushort)payload.Length);
        payload.CopyTo(message[ReturnPathFormat.HeaderBytes..]);
        lock (_lock)
            _channel.Write(message[..(ReturnPathFormat.HeaderBytes + payload.Length)]);
    }
}
