using System.Buffers.Binary;
using System.Text;
using Godwit.Wire;
using static Godwit.Wire.StreamNumber;

namespace Godwit.Migration;

/// <summary>The source's half of the return path: decodes messages and refuses what is none.</summary>
/// <remarks>For one thread. Meaning and order of messages are the caller's business. <c>docs/formats/return-path.md</c></remarks>
public sealed class ReturnPathReader
{
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
        if (ReturnPathFormat.Find(type) is not { } layout)
            throw _reader.Error("Received an unknown return path message", "a type from 1 to 7", Number((int)type), start);
        if (length > ReturnPathFormat.MaxPayloadBytes)
            throw LengthError(layout, $"at most {ReturnPathFormat.MaxPayloadBytes}", length, start);

        Span<byte> payload = stackalloc byte[ReturnPathFormat.MaxPayloadBytes];
        payload = payload[..length];
        if (layout.HasFixedLength && !layout.Fits(length))
            throw LengthError(layout, Number(layout.LeastBytes), length, start);
        _reader.ReadExactly(payload);

        message = type switch
        {
            ReturnPathMessageType.Shut or ReturnPathMessageType.Pong or ReturnPathMessageType.ResumeAck =>
                new(type, Value: BinaryPrimitives.ReadUInt32BigEndian(payload)),
            ReturnPathMessageType.RequestPages => Request(type, payload, null),
            ReturnPathMessageType.RequestPagesWithName =>
                Request(type, payload, Name(layout, payload, ReturnPathFormat.RequestBytes, start)),
            ReturnPathMessageType.RecvBitmap => new(type, BlockName: Name(layout, payload, 0, start)),
            _ => new(type),
        };
        return true;
    }

    private static ReturnPathMessage Request(ReturnPathMessageType type, ReadOnlySpan<byte> payload, string? blockName) => new(
        type,
        BlockName: blockName,
        StartBytes: BinaryPrimitives.ReadUInt64BigEndian(payload),
        LengthBytes: BinaryPrimitives.ReadUInt32BigEndian(payload[sizeof(ulong)..]));

    private string Name(in MessageLayout layout, ReadOnlySpan<byte> payload, int at, long start)
    {
        if (payload.Length <= at)
            throw LengthError(layout, $"at least {at + 1}", payload.Length, start);
        var expected = at + 1 + payload[at];
        if (payload.Length != expected)
            throw LengthError(layout, Number(expected), payload.Length, start);
        return Encoding.Latin1.GetString(payload[(at + 1)..]);
    }

    private StreamFormatException LengthError(in MessageLayout layout, string expected, int found, long start) =>
        _reader.Error($"Return path message {layout.Name} has a bad length", expected, Number(found), start + ReturnPathFormat.HeaderBytes / 2);
}
