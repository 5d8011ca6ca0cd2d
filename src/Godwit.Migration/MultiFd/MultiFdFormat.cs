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

    /// <summary>Bytes of a packet's pages at most: a header block has as many offsets as there are pages in it.</summary>
    public const int MaxPageBytes = 512 << 10;

    /// <summary>Most pages in a packet.</summary>
    public const int MaxPages = MaxPageBytes / TargetPage.SizeBytes;

    /// <summary>Length of a packet's header block, which always has room for all offsets.</summary>
    public const int HeaderBytes = OffsetsAt + (MaxPages * sizeof(ulong));

    /// <summary>Longest payload that is accepted.</summary>
    public const int MaxPayloadBytes = 1 << 20;

    /// <summary>Where the flags stand in a packet of any kind.</summary>
    public const int FlagsAt = 8;

    /// <summary>Where the number of offsets stands that there is room for.</summary>
    public const int AllocatedAt = 12;

    /// <summary>Where the number of pages stands whose content follows.</summary>
    public const int NormalAt = 16;

    /// <summary>Where the payload's length stands.</summary>
    public const int PayloadAt = 20;

    /// <summary>Where the packet's number stands.</summary>
    public const int NumberAt = 24;

    /// <summary>Where the number of zero pages stands.</summary>
    public const int ZeroAt = 32;

    /// <summary>Where the block's name stands.</summary>
    public const int NameAt = 64;

    /// <summary>Room for a name, of a block or of a device, with at least one zero behind it.</summary>
    public const int NameBytes = 256;

    /// <summary>Where the offsets of the pages stand.</summary>
    public const int OffsetsAt = NameAt + NameBytes;

    /// <summary>Where the UUID stands in an init message.</summary>
    public const int UuidAt = 8;

    /// <summary>Length of the UUID.</summary>
    public const int UuidBytes = 16;

    /// <summary>Where the channel's number stands in an init message, one byte.</summary>
    public const int IdAt = UuidAt + UuidBytes;

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
