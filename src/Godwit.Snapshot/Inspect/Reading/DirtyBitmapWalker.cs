using static Godwit.Wire.StreamNumber;

namespace Godwit.Snapshot;

/// <summary>Walks the records of <c>dirty-bitmap</c> sections (docs/formats/stream.md, "Dirty bitmaps").</summary>
internal sealed class DirtyBitmapWalker(StreamSource source, InspectBudget budget)
{
    private const uint EndOfSection = 0x01;
    private const uint Zeroes = 0x02;
    private const uint BitmapName = 0x04;
    private const uint DeviceName = 0x08;
    private const uint Start = 0x10;
    private const uint Complete = 0x20;
    private const uint Bits = 0x40;
    private const uint ExtraFlags = 0x80;
    private const uint Known = EndOfSection | Zeroes | BitmapName | DeviceName | Start | Complete | Bits;

    /// <summary>Walks one section body, up to and with its EOS record.</summary>
    public StreamBody Walk()
    {
        var fields = new List<StreamField>();
        var body = new StreamBody { Name = "dirty-bitmap", Offset = source.Position, Fields = fields };
        while (WalkRecord(fields))
        {
        }

        body.Length = source.Position - body.Offset;
        return body;
    }

    private bool WalkRecord(List<StreamField> fields)
    {
        long at = source.Position;
        uint flags = source.ReadByte();
        if ((flags & ExtraFlags) != 0 || (flags & ~Known) != 0)
            throw source.Error("unknown flags of a dirty bitmap record", "0x00..0x7f", Hex(flags), at);
        Keep(fields, "flags", "uint8", at, 1, [(byte)flags]);
        if (flags == EndOfSection)
            return false;
        uint kind = flags & (Start | Complete | Bits | EndOfSection);
        if (kind is not (Start or Complete or Bits))
            throw source.Error("dirty bitmap record of no single kind", "START, BITS or COMPLETE", Hex(flags), at);

        if ((flags & DeviceName) != 0)
            Name(fields, "node");
        if ((flags & BitmapName) != 0)
            Name(fields, "bitmap");
        if (kind == Start)
        {
            Leaf(fields, "granularity", "uint32", 4);
            Leaf(fields, "bitmap_flags", "uint8", 1);
        }
        else if (kind == Bits)
        {
            Leaf(fields, "first_sector", "uint64", 8);
            Leaf(fields, "sectors", "uint32", 4);
            if ((flags & Zeroes) == 0)
                Data(fields);
        }

        return true;
    }

    private void Name(List<StreamField> fields, string name)
    {
        long at = source.Position;
        string text = source.ReadCountedString();
        if (!budget.TakeField())
            return;
        fields.Add(new StreamField { Name = name, Type = "string", Offset = at, Size = text.Length + 1, Texts = [text] });
    }

    private void Leaf(List<StreamField> fields, string name, string type, int size)
    {
        long at = source.Position;
        Keep(fields, name, type, at, size, source.ReadBytes(size));
    }

    private void Data(List<StreamField> fields)
    {
        long at = source.Position;
        ulong size = source.ReadUInt64();
        Keep(fields, "size", "uint64", at, 8, BitConverter.GetBytes(System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(size)));
        if (size > long.MaxValue / 2)
            throw source.Error("dirty bitmap data too long", null, Hex(size), at);
        long dataAt = source.Position;
        bool isKept = budget.TakeBytes((long)size);
        byte[] data = source.ReadBytes((int)(isKept ? size : Math.Min(size, 64)));
        source.Skip((long)size - data.Length);
        if (!budget.TakeField())
            return;
        fields.Add(new StreamField
        {
            Name = "bits",
            Type = "buffer",
            Offset = dataAt,
            Size = (long)size,
            ElementSize = (int)Math.Min(size, int.MaxValue),
            Data = data,
            IsCut = !isKept,
        });
    }

    private void Keep(List<StreamField> fields, string name, string type, long at, int size, byte[] data)
    {
        if (budget.TakeField())
            fields.Add(new StreamField { Name = name, Type = type, Offset = at, Size = size, ElementSize = size, Data = data });
    }
}
