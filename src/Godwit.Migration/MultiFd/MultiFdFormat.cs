using System.Buffers.Binary;
using Godwit.Memory;
using Godwit.Wire;
using static Godwit.Wire.StreamNumber;

namespace Godwit.Migration;

/// <summary>The fixed parts of what goes over a data channel (docs/formats/multifd.md).</summary>
public static class MultiFdFormat
{
    /// <summary>The first word of the init message and of each packet.</summary>
    public const uint Magic = 0x11223344;

    /// <summary>The only version.</summary>
    public const uint Version = 1;

    /// <summary>Length of the init message, with which a channel starts.</summary>
    public const int InitBytes = 64;

    /// <summary>Most pages in a packet: 512 KiB of them.</summary>
    public const int MaxPages = 524288 / TargetPage.SizeBytes;

    /// <summary>Length of a packet's header block, which always has room for all offsets.</summary>
    public const int HeaderBytes = OffsetsAt + (MaxPages * sizeof(ulong));

    /// <summary>Longest payload that is accepted.</summary>
    public const int MaxPayloadBytes = 1 << 20;

    internal const int NameAt = 64;
    internal const int NameBytes = 256;
    internal const int OffsetsAt = NameAt + NameBytes;

    private const int UuidAt = 8;
    private const int UuidBytes = 16;
    private const int IdAt = 24;

    /// <summary>Makes an init message.</summary>
    /// <param name="message"><see cref="InitBytes"/> bytes.</param>
    /// <param name="uuid">The machine's UUID; zeros for none.</param>
    /// <param name="id">The channel's number, from 0.</param>
    public static void WriteInit(Span<byte> message, Guid? uuid, byte id)
    {
        message[..InitBytes].Clear();
        BinaryPrimitives.WriteUInt32BigEndian(message, Magic);
        BinaryPrimitives.WriteUInt32BigEndian(message[sizeof(uint)..], Version);
        (uuid ?? Guid.Empty).TryWriteBytes(message.Slice(UuidAt, UuidBytes), bigEndian: true, out _);
        message[IdAt] = id;
    }

    /// <summary>Checks an init message.</summary>
    /// <param name="message"><see cref="InitBytes"/> bytes.</param>
    /// <param name="uuid">This machine's UUID.</param>
    /// <param name="channels">How many data channels there are.</param>
    /// <returns>The channel's number.</returns>
    /// <exception cref="StreamFormatException">It is not acceptable; the offset is that in the channel.</exception>
    public static int ReadInit(ReadOnlySpan<byte> message, Guid? uuid, int channels)
    {
        uint magic = BinaryPrimitives.ReadUInt32BigEndian(message);
        if (magic != Magic)
            throw Error("a data channel starts with another magic", 0, Hex(Magic), Hex(magic));
        uint version = BinaryPrimitives.ReadUInt32BigEndian(message[sizeof(uint)..]);
        if (version != Version)
            throw Error("a data channel has another version", sizeof(uint), Number(Version), Number(version));
        var received = new Guid(message.Slice(UuidAt, UuidBytes), bigEndian: true);
        if (received != (uuid ?? Guid.Empty))
            throw Error("a data channel belongs to another machine", UuidAt, (uuid ?? Guid.Empty).ToString(), received.ToString());
        int id = message[IdAt];
        return id < channels
            ? id
            : throw Error("a data channel has a number that is too large", IdAt, $"less than {Number(channels)}", Number(id));
    }

    /// <summary>An error in what came over a data channel.</summary>
    internal static StreamFormatException Error(string reason, long offset, string? expected = null, string? found = null) =>
        new(reason, offset, "multifd", expected, found);
}
