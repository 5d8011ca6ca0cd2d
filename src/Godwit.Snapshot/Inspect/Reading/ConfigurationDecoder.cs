using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Godwit.VmState;

namespace Godwit.Snapshot;

/// <summary>Decodes the configuration section, which is not framed by a header, length or footer.</summary>
internal sealed class ConfigurationDecoder(StreamSource source, StreamFacts facts)
{
    private const string Prefix = "configuration";
    private const int MaxMachineNameBytes = 4096;
    private const uint MaxCapabilities = 1024;
    private const int MinPageBits = 10;
    private const int MaxPageBits = 20;

    public StreamBody Decode()
    {
        var body = new StreamBody { Name = Prefix, Version = 1, Offset = source.Position };
        long at = source.Position;
        uint length = source.ReadUInt32();
        if (length > MaxMachineNameBytes)
            throw source.Error("machine type name too long", "at most 4096 bytes", Text(length), at);
        byte[] name = source.ReadBytes((int)length);
        facts.Machine = Encoding.Latin1.GetString(name);
        body.Fields =
        [
            Number("len", "uint32", at, 4, length),
            new StreamField { Name = "name", Type = "buffer", Offset = at + 4, Size = length, ElementSize = (int)length, Data = name },
        ];

        var subsections = new List<StreamBody>();
        body.Subsections = subsections;
        while (IsSubsection())
            subsections.Add(DecodeSubsection());
        body.Length = source.Position - body.Offset;
        return body;
    }

    private bool IsSubsection()
    {
        ReadOnlySpan<byte> head = source.Peek(2 + Prefix.Length);
        return head.Length == 2 + Prefix.Length
            && head[0] == (byte)SectionType.Subsection
            && head[1] > Prefix.Length
            && head[2..].SequenceEqual("configuration"u8);
    }

    private StreamBody DecodeSubsection()
    {
        long at = source.Position;
        source.Skip(1);
        string name = source.ReadCountedString();
        uint version = source.ReadUInt32();
        if (version > 1)
            throw source.Error($"{name}: incoming version_id {Text(version)} is too new for local version_id 1", "1", Text(version), at);
        var body = new StreamBody { Name = name, Version = version, Offset = at };
        body.Fields = name switch
        {
            "configuration/target-page-bits" => DecodePageBits(),
            "configuration/capabilities" => DecodeCapabilities(),
            "configuration/uuid" => DecodeUuid(),
            _ => throw source.Error($"VM subsection '{name}' in '{Prefix}' does not exist", "a known subsection", name, at),
        };
        body.Length = source.Position - at;
        return body;
    }

    private List<StreamField> DecodePageBits()
    {
        long at = source.Position;
        uint bits = source.ReadUInt32();
        if (bits is < MinPageBits or > MaxPageBits)
            throw source.Error("target page bits out of range", "10..20", Text(bits), at);
        facts.PageSizeBytes = 1 << (int)bits;
        return [Number("target_page_bits", "uint32", at, 4, bits)];
    }

    private List<StreamField> DecodeCapabilities()
    {
        long at = source.Position;
        uint count = source.ReadUInt32();
        if (count > MaxCapabilities)
            throw source.Error("too many capabilities", "at most 1024", Text(count), at);
        long namesAt = source.Position;
        var names = new List<string>();
        for (uint i = 0; i < count; i++)
            names.Add(source.ReadCountedString());
        facts.Capabilities.AddRange(names);
        return
        [
            Number("caps_count", "uint32", at, 4, count),
            new StreamField
            {
                Name = "capabilities",
                Type = "capability",
                Offset = namesAt,
                Size = source.Position - namesAt,
                ArrayLength = (int)count,
                Texts = names,
            },
        ];
    }

    private List<StreamField> DecodeUuid()
    {
        long at = source.Position;
        byte[] bytes = source.ReadBytes(16);
        facts.Uuid = new Guid(bytes, bigEndian: true);
        return [new StreamField { Name = "uuid", Type = "buffer", Offset = at, Size = 16, ElementSize = 16, Data = bytes }];
    }

    private static StreamField Number(string name, string type, long offset, int size, uint value)
    {
        var data = new byte[size];
        BinaryPrimitives.WriteUInt32BigEndian(data, value);
        return new StreamField { Name = name, Type = type, Offset = offset, Size = size, ElementSize = size, Data = data };
    }

    private static string Text(uint value) => value.ToString(CultureInfo.InvariantCulture);
}
