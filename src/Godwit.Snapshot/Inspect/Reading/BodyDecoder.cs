using Godwit.VmState;
using static Godwit.Wire.StreamNumber;

namespace Godwit.Snapshot;

/// <summary>Decodes the body of a device section by its description alone (docs/formats/vmstate.md, "Decoding by the JSON").</summary>
internal sealed class BodyDecoder(StreamSource source, InspectBudget budget)
{
    /// <summary>Kept of a leaf that is too large to be kept whole.</summary>
    private const int CutBytes = 64;

    private const int MaxTexts = 1024;

    /// <summary>Some field did not fit the budget and was dropped.</summary>
    public bool HasDropped { get; private set; }

    public StreamBody Decode(DescribedBody described, long? start = null)
    {
        var body = new StreamBody
        {
            Name = described.Name,
            Version = unchecked((uint)described.Version),
            Offset = start ?? source.Position,
        };
        var fields = new List<StreamField>();
        body.Fields = fields;
        for (int i = 0; i < described.Fields.Count; i++)
            DecodeField(described.Fields, i, fields);
        if (described.Subsections is { } subsections)
        {
            var decoded = new List<StreamBody>();
            body.Subsections = decoded;
            foreach (DescribedBody subsection in subsections)
                decoded.Add(DecodeSubsection(subsection));
        }

        body.Length = source.Position - body.Offset;
        return body;
    }

    /// <summary>A hand-written section: the description gives its length only.</summary>
    public StreamBody DecodeOpaque(long lengthBytes)
    {
        var body = new StreamBody { Name = "data", Offset = source.Position };
        var fields = new List<StreamField>(1);
        body.Fields = fields;
        DecodeField([new DescribedField { Name = "data", Type = "buffer", Size = lengthBytes }], 0, fields);
        body.Length = source.Position - body.Offset;
        return body;
    }

    private StreamBody DecodeSubsection(DescribedBody described)
    {
        long start = source.Position;
        byte type = source.ReadByte();
        if (type != (byte)SectionType.Subsection)
            throw source.Error($"subsection '{described.Name}' of the description is missing", "0x05", Hex(type, 2), start);
        string name = source.ReadCountedString();
        if (!name.Equals(described.Name, StringComparison.Ordinal))
            throw source.Error("subsection differs from the description", described.Name, name, start);
        uint version = source.ReadUInt32();
        if (version != unchecked((uint)described.Version))
        {
            throw source.Error(
                $"version of subsection '{name}' differs from the description", Number(described.Version), Number(version), start);
        }

        return Decode(described, start);
    }

    private void DecodeField(List<DescribedField> siblings, int index, List<StreamField> into)
    {
        DescribedField described = siblings[index];
        if (described.Size < 0)
            throw source.Error($"the description gives field '{described.Name}' no size", "a size", null);
        if (!budget.TakeWork())
            throw source.Error("the description asks for too many fields", null, null);
        int count = CountElements(siblings, index);
        bool isLeaf = described.Bodies is null || described.Type is not ("struct" or "vstruct" or "tmp" or "qtailq" or "qlist" or "gtree");
        var field = new StreamField
        {
            Name = described.Name,
            Type = described.Type,
            Offset = source.Position,
            ArrayLength = described.ArrayLength is null ? null : count,
            ElementSize = isLeaf && described.Type is not "capability" ? (int)Math.Min(described.Size, int.MaxValue) : 0,
        };
        if (budget.TakeField())
            into.Add(field);
        else
            HasDropped = true;

        switch (described.Type)
        {
            case "struct" or "vstruct" or "tmp" when !isLeaf:
                DecodeStructs(described, field, count);
                break;
            case "qtailq" or "qlist":
                DecodeQueue(described, field);
                break;
            case "gtree":
                DecodeTree(described, field);
                break;
            case "capability":
                field.Texts = ReadTexts(count);
                break;
            default:
                DecodeLeaf(described, field, count);
                break;
        }

        field.Size = source.Position - field.Offset;
    }

    /// <summary>
    /// Elements of one entry. An array of pointers whose first element is populated announces the whole rest of the
    /// array although its run ends at the first null: what the following entries of the same array cover is taken off.
    /// </summary>
    private int CountElements(List<DescribedField> siblings, int index)
    {
        DescribedField described = siblings[index];
        if (described.ArrayLength is not long length)
            return 1;
        if (length is < 0 or > int.MaxValue)
            throw source.Error($"array length of '{described.Name}' out of range", "0..2147483647", Number(length));
        if (described.IsPointerMarker || (index > 0 && IsSameArray(siblings[index - 1], described)))
            return (int)length;

        long later = 0;
        bool hasMarkers = false;
        for (int i = index + 1; i < siblings.Count && IsSameArray(described, siblings[i]); i++)
        {
            later += siblings[i].ArrayLength ?? 1;
            hasMarkers |= siblings[i].IsPointerMarker;
        }

        return hasMarkers && later < length ? (int)(length - later) : (int)length;
    }

    private static bool IsSameArray(DescribedField left, DescribedField right) =>
        BaseName(left.Name).SequenceEqual(BaseName(right.Name));

    private static ReadOnlySpan<char> BaseName(string name)
    {
        int bracket = name.EndsWith(']') ? name.LastIndexOf('[') : -1;
        return bracket < 0 ? name : name.AsSpan(0, bracket);
    }

    private void DecodeStructs(DescribedField described, StreamField field, int count)
    {
        var bodies = new List<StreamBody>();
        field.Bodies = bodies;
        for (int i = 0; i < count; i++)
        {
            long start = source.Position;
            StreamBody body = Decode(described.Bodies![0]);
            bool kept = i == 0 || budget.TakeField();
            HasDropped |= !kept;
            if (kept)
                bodies.Add(body);

            // The size is the first element's; later ones may differ.
            if (i == 0)
                CheckSize(described, start);
            if (source.Position == start)
                break;
        }
    }

    private void DecodeQueue(DescribedField described, StreamField field)
    {
        long start = source.Position;
        var bodies = new List<StreamBody>();
        field.Bodies = bodies;
        foreach (DescribedBody element in described.Bodies ?? [])
        {
            ExpectMarker(described.Name, 1);
            bodies.Add(Decode(element));
        }

        ExpectMarker(described.Name, 0);
        CheckSize(described, start);
    }

    private void DecodeTree(DescribedField described, StreamField field)
    {
        long start = source.Position;
        uint nodes = source.ReadUInt32();
        List<DescribedBody> elements = described.Bodies ?? [];
        bool hasStructKeys = nodes != 0 && elements.Count == 2L * nodes;
        if (!hasStructKeys && elements.Count != nodes)
        {
            throw source.Error(
                $"tree '{described.Name}' differs from the description", $"{Number(elements.Count)} bodies", $"{Number(nodes)} nodes", start);
        }

        var bodies = new List<StreamBody>();
        var keys = hasStructKeys ? null : new List<ulong>();
        field.Bodies = bodies;
        field.Keys = keys;
        for (int i = 0; i < elements.Count; i++)
        {
            if (!hasStructKeys || i % 2 == 0)
                ExpectMarker(described.Name, 1);
            keys?.Add(source.ReadUInt64());
            bodies.Add(Decode(elements[i]));
        }

        ExpectMarker(described.Name, 0);
        CheckSize(described, start);
    }

    private List<string> ReadTexts(int count)
    {
        if (count > MaxTexts)
            throw source.Error("too many names in one field", Number(MaxTexts), Number(count));
        var texts = new List<string>();
        for (int i = 0; i < count; i++)
            texts.Add(source.ReadCountedString());
        return texts;
    }

    private void DecodeLeaf(DescribedField described, StreamField field, int count)
    {
        if (described.Size > long.MaxValue / Math.Max(1, count))
            throw source.Error($"size of '{described.Name}' out of range", null, Number(described.Size));
        long total = described.Size * count;
        if (budget.TakeBytes(total))
        {
            field.Data = source.ReadBytes((int)total);
            return;
        }

        field.IsCut = true;
        HasDropped = true;
        field.Data = source.ReadBytes((int)Math.Min(total, CutBytes));
        source.Skip(total - field.Data.Length);
    }

    private void CheckSize(DescribedField described, long start)
    {
        long used = source.Position - start;
        if (used != described.Size)
            throw source.Error($"field '{described.Name}' differs from the description", $"{Number(described.Size)} bytes", Number(used), start);
    }

    private void ExpectMarker(string field, byte expected)
    {
        long at = source.Position;
        byte found = source.ReadByte();
        if (found != expected)
            throw source.Error($"bad element marker in '{field}'", Hex(expected, 2), Hex(found, 2), at);
    }
}
