using System.Buffers.Binary;
using System.Text;
using Godwit.Migration;
using static Godwit.Wire.StreamNumber;

namespace Godwit.Snapshot;

/// <summary>Reads a captured multifd channel: the first message and its packets (docs/formats/stream.md, "Multifd").</summary>
internal sealed class MultiFdWalker(StreamSource source, StreamFacts facts, InspectOptions options) : IChannelWalker
{
    public static bool Recognises(ReadOnlySpan<byte> head) =>
        head.Length >= 4 && BinaryPrimitives.ReadUInt32BigEndian(head) == MultiFdFormat.Magic;

    public void Walk(List<StreamItem> items)
    {
        Read(items, StreamItemKind.Header, ReadInit);
        while (!source.IsAtEnd())
            Read(items, StreamItemKind.Packet, ReadPacket);
    }

    private void Read(List<StreamItem> items, StreamItemKind kind, Action<StreamItem> read)
    {
        if (items.Count >= options.MaxItems)
            throw source.Error("too many items", "at most " + Number(options.MaxItems), null);
        var item = new StreamItem { Kind = kind, Offset = source.Position };
        items.Add(item);
        try
        {
            read(item);
        }
        finally
        {
            item.Length = source.Position - item.Offset;
        }
    }

    private void ReadInit(StreamItem item)
    {
        CheckMagic(item);
        byte[] rest = source.ReadBytes(MultiFdFormat.InitBytes - MultiFdFormat.UuidAt);
        facts.Uuid = new Guid(rest.AsSpan(0, MultiFdFormat.UuidBytes), bigEndian: true);
        item.InstanceId = rest[MultiFdFormat.IdAt - MultiFdFormat.UuidAt];
        item.Payload = rest;
    }

    private void ReadPacket(StreamItem item)
    {
        CheckMagic(item);
        long flagsAt = source.Position;
        var flags = (MultiFdBits)source.ReadUInt32();
        if (flags.HasFlag(MultiFdBits.DeviceState))
        {
            ReadDeviceState(item);
            return;
        }

        int offsets = MultiFdFormat.MaxPageBytes / facts.PageSizeBytes;
        byte[] header = source.ReadBytes(MultiFdFormat.OffsetsAt - MultiFdFormat.AllocatedAt);
        uint allocated = Word(header, MultiFdFormat.AllocatedAt);
        uint normal = Word(header, MultiFdFormat.NormalAt);
        uint dataBytes = Word(header, MultiFdFormat.PayloadAt);
        uint zero = Word(header, MultiFdFormat.ZeroAt);
        if (allocated > (uint)offsets || normal > (uint)offsets || zero > (uint)offsets - normal)
            throw source.Error("multifd: too many pages in a packet", "at most " + Number(offsets), Number(normal + (long)zero), flagsAt);
        bool isCompressed = (flags & MultiFdBits.MethodMask) != MultiFdBits.None;
        if (!isCompressed && normal != 0 && dataBytes != normal * (long)facts.PageSizeBytes)
            throw source.Error("multifd: size of page data", Number(normal * (long)facts.PageSizeBytes), Number(dataBytes), flagsAt);
        source.Skip(offsets * 8L);
        if (normal != 0)
            source.Skip(dataBytes);
        item.IdString = Name(header.AsSpan(MultiFdFormat.NameAt - MultiFdFormat.AllocatedAt));
        item.Command = flags.HasFlag(MultiFdBits.Sync) ? "SYNC" : null;
        item.Pages = new PageCounts(normal, zero, 0, 0);
        facts.Pages += item.Pages.Value;
    }

    private void ReadDeviceState(StreamItem item)
    {
        item.IdString = Name(source.Take(MultiFdFormat.NameBytes));
        item.InstanceId = source.ReadUInt32();
        item.Command = "DEVICE_STATE";
        source.Skip(source.ReadUInt32());
    }

    private void CheckMagic(StreamItem item)
    {
        uint magic = source.ReadUInt32();
        if (magic != MultiFdFormat.Magic)
            throw source.Error("multifd: received packet magic", Hex(MultiFdFormat.Magic), Hex(magic), item.Offset);
        uint version = source.ReadUInt32();
        item.VersionId = version;
        if (version != MultiFdFormat.Version)
            throw source.Error("multifd: received packet version", Number(MultiFdFormat.Version), Number(version), item.Offset);
    }

    /// <summary>A word of a header, of which the bytes from <see cref="MultiFdFormat.AllocatedAt"/> on were read.</summary>
    private static uint Word(byte[] header, int at) => BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(at - MultiFdFormat.AllocatedAt));

    private static string Name(ReadOnlySpan<byte> field)
    {
        ReadOnlySpan<byte> padded = field[..MultiFdFormat.NameBytes];
        int end = padded.IndexOf((byte)0);
        return Encoding.Latin1.GetString(end < 0 ? padded : padded[..end]);
    }
}
