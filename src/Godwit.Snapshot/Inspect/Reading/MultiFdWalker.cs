using System.Buffers.Binary;
using System.Text;
using Godwit.VmState;
using static Godwit.Wire.StreamNumber;

namespace Godwit.Snapshot;

/// <summary>Reads a captured multifd channel: the first message and its packets (docs/formats/stream.md, "Multifd").</summary>
internal sealed class MultiFdWalker(StreamSource source, StreamFacts facts, InspectOptions options) : IChannelWalker
{
    private const int InitBytes = 64;
    private const int PacketHeaderBytes = 320;
    private const int PacketDataBytes = 524288;
    private const int NameOffset = 64;
    private const int NameBytes = 256;
    private const uint SyncFlag = 1;
    private const uint DeviceStateFlag = 1 << 6;
    private const uint MethodMask = 0x3e;

    public static bool Recognises(ReadOnlySpan<byte> head) =>
        head.Length >= 4 && BinaryPrimitives.ReadUInt32BigEndian(head) == StreamConstants.MultiFdMagic;

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
        byte[] rest = source.ReadBytes(InitBytes - 8);
        facts.Uuid = new Guid(rest.AsSpan(0, 16), bigEndian: true);
        item.InstanceId = rest[16];
        item.Payload = rest;
    }

    private void ReadPacket(StreamItem item)
    {
        CheckMagic(item);
        long flagsAt = source.Position;
        uint flags = source.ReadUInt32();
        if ((flags & DeviceStateFlag) != 0)
        {
            ReadDeviceState(item);
            return;
        }

        int offsets = PacketDataBytes / facts.PageSizeBytes;
        byte[] header = source.ReadBytes(PacketHeaderBytes - 12);
        uint allocated = BinaryPrimitives.ReadUInt32BigEndian(header);
        uint normal = BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(4));
        uint dataBytes = BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(8));
        uint zero = BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(20));
        if (allocated > (uint)offsets || normal > (uint)offsets || zero > (uint)offsets - normal)
            throw source.Error("multifd: too many pages in a packet", "at most " + Number(offsets), Number(normal + (long)zero), flagsAt);
        bool isCompressed = (flags & MethodMask) != 0;
        if (!isCompressed && normal != 0 && dataBytes != normal * (long)facts.PageSizeBytes)
            throw source.Error("multifd: size of page data", Number(normal * (long)facts.PageSizeBytes), Number(dataBytes), flagsAt);
        source.Skip(offsets * 8L);
        if (normal != 0)
            source.Skip(dataBytes);
        item.IdString = Name(header.AsSpan(NameOffset - 12, NameBytes));
        item.Command = (flags & SyncFlag) != 0 ? "SYNC" : null;
        item.Pages = new PageCounts(normal, zero, 0, 0);
        facts.Pages += item.Pages.Value;
    }

    private void ReadDeviceState(StreamItem item)
    {
        byte[] header = source.ReadBytes(NameBytes + sizeof(uint));
        item.IdString = Name(header.AsSpan(0, NameBytes));
        item.InstanceId = BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(NameBytes));
        item.Command = "DEVICE_STATE";
        source.Skip(source.ReadUInt32());
    }

    private void CheckMagic(StreamItem item)
    {
        uint magic = source.ReadUInt32();
        if (magic != StreamConstants.MultiFdMagic)
            throw source.Error("multifd: received packet magic", Hex(StreamConstants.MultiFdMagic), Hex(magic), item.Offset);
        uint version = source.ReadUInt32();
        item.VersionId = version;
        if (version != StreamConstants.MultiFdVersion)
            throw source.Error("multifd: received packet version", Number(StreamConstants.MultiFdVersion), Number(version), item.Offset);
    }

    private static string Name(ReadOnlySpan<byte> padded)
    {
        int end = padded.IndexOf((byte)0);
        return Encoding.Latin1.GetString(end < 0 ? padded : padded[..end]);
    }
}
