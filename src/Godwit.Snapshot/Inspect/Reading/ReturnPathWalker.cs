using System.Buffers.Binary;
using System.Globalization;
using Godwit.Migration;
using static Godwit.Wire.StreamNumber;

namespace Godwit.Snapshot;

/// <summary>Reads a captured return path (docs/formats/return-path.md).</summary>
internal sealed class ReturnPathWalker(StreamSource source) : IChannelWalker
{
    /// <summary>A known message type with a length that fits it.</summary>
    public static bool Recognises(ReadOnlySpan<byte> head)
    {
        if (head.Length < ReturnPathFormat.HeaderBytes)
            return false;
        ushort length = BinaryPrimitives.ReadUInt16BigEndian(head[2..]);
        return ReturnPathFormat.Find((ReturnPathMessageType)BinaryPrimitives.ReadUInt16BigEndian(head)) is { } layout && layout.Fits(length);
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
        var type = (ReturnPathMessageType)source.ReadUInt16();
        ushort length = source.ReadUInt16();
        if (ReturnPathFormat.Find(type) is not { } layout)
            throw source.Error("unknown return path message", "1..7", Number((int)type), item.Offset);
        item.Command = layout.Name;
        if (!layout.Fits(length))
            throw source.Error($"length of return path message {layout.Name}", StreamNames.Lengths(layout), Number(length), item.Offset);
        item.Payload = source.ReadBytes(length);
        if (type == ReturnPathMessageType.RecvBitmap)
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
