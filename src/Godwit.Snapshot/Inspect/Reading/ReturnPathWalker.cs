using System.Buffers.Binary;
using System.Globalization;
using Godwit.Migration;
using static Godwit.Wire.StreamNumber;

namespace Godwit.Snapshot;

/// <summary>Reads a captured return path (docs/formats/return-path.md).</summary>
internal sealed class ReturnPathWalker(StreamSource source) : IChannelWalker
{
    private const int HeaderBytes = 4;

    /// <summary>A known message type with a length that fits it.</summary>
    public static bool Recognises(ReadOnlySpan<byte> head)
    {
        if (head.Length < HeaderBytes)
            return false;
        ushort length = BinaryPrimitives.ReadUInt16BigEndian(head[2..]);
        return CommandTable.FindMessage(BinaryPrimitives.ReadUInt16BigEndian(head)) is var (_, least, most) && length >= least && length <= most;
    }

    public void Walk(List<StreamItem> items)
    {
        while (!source.IsAtEnd())
        {
            var item = new StreamItem { Kind = StreamItemKind.Message, Offset = source.Position };
            items.Add(item);
            try
            {
                Read(item);
            }
            finally
            {
                item.Length = source.Position - item.Offset;
            }
        }
    }

    private void Read(StreamItem item)
    {
        ushort type = source.ReadUInt16();
        ushort length = source.ReadUInt16();
        if (CommandTable.FindMessage(type) is not var (name, least, most))
            throw source.Error("unknown return path message", "1..7", Number(type), item.Offset);
        item.Command = name;
        if (length < least || length > most || length > ReturnPathFormat.MaxPayloadBytes)
            throw source.Error($"length of return path message {name}", least == most ? Number(least) : $"{Number(least)}..{Number(most)}", Number(length), item.Offset);
        item.Payload = source.ReadBytes(length);
        if (type == (ushort)ReturnPathMessageType.RecvBitmap)
            SkipBitmap();
    }

    private void SkipBitmap()
    {
        long at = source.Position;
        ulong size = source.ReadUInt64();
        if (size > long.MaxValue / 2 || size % 8 != 0)
            throw source.Error("size of a received bitmap", "a multiple of 8", size.ToString(CultureInfo.InvariantCulture), at);
        source.Skip((long)size);
        at = source.Position;
        ulong end = source.ReadUInt64();
        if (end != ReturnPathFormat.BitmapEndMark)
            throw source.Error("end mark of a received bitmap", Hex(ReturnPathFormat.BitmapEndMark), Hex(end), at);
    }
}
