using System.Buffers.Binary;
using System.Text;
using Godwit.Wire;
using static Godwit.Wire.StreamNumber;

namespace Godwit.Migration;

/// <summary>The source's half of the return path: decodes messages and refuses what is none.</summary>
/// <remarks>For one thread. Meaning and order of messages are the caller's business. <c>docs/formats/return-path.md</c></remarks>
public sealed class ReturnPathReader
{
    private const int HeaderBytes = 4;

    private readonly MigrationReader _reader;

    /// <summary>Reads the return direction of a main channel.</summary>
    public ReturnPathReader(Channel channel)
        : this(new MigrationReader(channel, 4096))
    {
    }

    /// <summary>Reads messages from a reader.</summary>
    public ReturnPathReader(MigrationReader reader)
    {
        ArgumentNullException.ThrowIfNull(reader);
        _reader = reader;
        _reader.Section = "return path";
    }

    /// <summary>Reads the next message, waiting for it; false when the peer has closed the channel between two messages.</summary>
    /// <exception cref="StreamFormatException">The bytes are not a message.</exception>
    /// <exception cref="ChannelException">The channel failed.</exception>
    public bool TryRead(out ReturnPathMessage message)
    {
        message = default;
        if (_reader.IsAtEnd())
            return false;

        var start = _reader.Position;
        var type = (ReturnPathMessageType)_reader.ReadUInt16();
        int length = _reader.ReadUInt16();
        if (type is ReturnPathMessageType.Invalid or > ReturnPathMessageType.SwitchoverAck)
            throw _reader.Error("Received an unknown return path message", "a type from 1 to 7", Number((int)type), start);
        if (length > ReturnPathFormat.MaxPayloadBytes)
            throw LengthError(type, $"at most {ReturnPathFormat.MaxPayloadBytes}", length, start);

        Span<byte> payload = stackalloc byte[ReturnPathFormat.MaxPayloadBytes];
        payload = payload[..length];
        var expected = type switch
        {
            ReturnPathMessageType.Shut or ReturnPathMessageType.Pong or ReturnPathMessageType.ResumeAck => 4,
            ReturnPathMessageType.RequestPages => ReturnPathFormat.RequestBytes,
            ReturnPathMessageType.SwitchoverAck => 0,
            _ => -1,
        };
        if (expected >= 0 && length != expected)
            throw LengthError(type, Number(expected), length, start);
        _reader.ReadExactly(payload);

        message = type switch
        {
            ReturnPathMessageType.Shut or ReturnPathMessageType.Pong or ReturnPathMessageType.ResumeAck =>
                new(type, Value: BinaryPrimitives.ReadUInt32BigEndian(payload)),
            ReturnPathMessageType.RequestPages => Request(type, payload, null),
            ReturnPathMessageType.RequestPagesWithName =>
                Request(type, payload, Name(type, payload, ReturnPathFormat.RequestBytes, start)),
            ReturnPathMessageType.RecvBitmap => new(type, BlockName: Name(type, payload, 0, start)),
            _ => new(type),
        };
        return true;
    }

    private static ReturnPathMessage Request(ReturnPathMessageType type, ReadOnlySpan<byte> payload, string? blockName) => new(
        type,
        BlockName: blockName,
        StartBytes: BinaryPrimitives.ReadUInt64BigEndian(payload),
        LengthBytes: BinaryPrimitives.ReadUInt32BigEndian(payload[sizeof(ulong)..]));

    private string Name(ReturnPathMessageType type, ReadOnlySpan<byte> payload, int at, long start)
    {
        if (payload.Length <= at)
            throw LengthError(type, $"at least {at + 1}", payload.Length, start);
        var expected = at + 1 + payload[at];
        if (payload.Length != expected)
            throw LengthError(type, Number(expected), payload.Length, start);
        return Encoding.Latin1.GetString(payload[(at + 1)..]);
    }

    private StreamFormatException LengthError(ReturnPathMessageType type, string expected, int found, long start) =>
        _reader.Error($"Return path message {Describe(type)} has a bad length", expected, Number(found), start + HeaderBytes / 2);

    private static string Describe(ReturnPathMessageType type) => type switch
    {
        ReturnPathMessageType.Shut => "SHUT",
        ReturnPathMessageType.Pong => "PONG",
        ReturnPathMessageType.RequestPagesWithName => "REQ_PAGES_ID",
        ReturnPathMessageType.RequestPages => "REQ_PAGES",
        ReturnPathMessageType.RecvBitmap => "RECV_BITMAP",
        ReturnPathMessageType.ResumeAck => "RESUME_ACK",
        _ => "SWITCHOVER_ACK",
    };
}
