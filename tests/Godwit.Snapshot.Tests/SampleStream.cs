using System.Buffers;
using System.Text;
using Godwit.VmState;
using Godwit.Wire;

namespace Godwit.Snapshot.Tests;

/// <summary>Builds streams by hand, record by record, from docs/formats/stream.md.</summary>
internal sealed class SampleStream
{
    public const int PageBytes = 4096;

    private readonly ArrayBufferWriter<byte> _bytes = new();
    private readonly MigrationWriter _writer;

    public SampleStream() => _writer = MigrationWriter.ToMemory(_bytes);

    /// <summary>A whole small stream: one block of four pages, one device.</summary>
    public static byte[] Whole()
    {
        SampleStream stream = new SampleStream().Header().Configuration("virt").RamStart(("ram0", 4 * PageBytes));
        stream.Begin(SectionType.Part, 1)
            .Record(0, 0x08, "ram0").Bytes(new byte[PageBytes])
            .Record(0x1000, 0x22).Bytes([0])
            .Record(0x2000, 0x02, "ram0").Bytes([0])
            .Record(0x3000, 0x60).Bytes([1, 0, 3, 9, 9, 9])
            .Record(0, 0x10).Footer(1);
        return stream.Command(11).Begin(SectionType.End, 1).Record(0, 0x10).Footer(1).Devices().ToArray();
    }

    public byte[] ToArray()
    {
        _writer.Flush();
        return _bytes.WrittenSpan.ToArray();
    }

    public SampleStream Header(uint magic = StreamConstants.Magic, uint version = 3)
    {
        _writer.WriteUInt32(magic);
        _writer.WriteUInt32(version);
        return this;
    }

    public SampleStream Configuration(string machine, params string[] capabilities)
    {
        _writer.WriteByte(7);
        _writer.WriteUInt32((uint)machine.Length);
        _writer.Write(Encoding.ASCII.GetBytes(machine));
        if (capabilities.Length == 0)
            return this;
        Subsection("configuration/capabilities", 1);
        _writer.WriteUInt32((uint)capabilities.Length);
        foreach (string capability in capabilities)
            _writer.WriteCountedString(capability);
        return this;
    }

    public SampleStream Subsection(string name, uint version)
    {
        _writer.WriteByte(5);
        _writer.WriteCountedString(name);
        _writer.WriteUInt32(version);
        return this;
    }

    public SampleStream Begin(SectionType type, uint id, string? idString = null, uint instance = 0, uint version = 1)
    {
        _writer.WriteByte((byte)type);
        _writer.WriteUInt32(id);
        if (idString is null)
            return this;
        _writer.WriteCountedString(idString);
        _writer.WriteUInt32(instance);
        _writer.WriteUInt32(version);
        return this;
    }

    public SampleStream RamStart(params (string Name, ulong Length)[] blocks)
    {
        ulong total = 0;
        foreach ((_, ulong length) in blocks)
            total += length;
        Begin(SectionType.Start, 1, "ram", 0, 4).Record(total, 4);
        foreach ((string name, ulong length) in blocks)
        {
            _writer.WriteCountedString(name);
            _writer.WriteUInt64(length);
        }

        return Record(0, 0x10).Footer(1);
    }

    public SampleStream Record(ulong address, ulong flags, string? block = null)
    {
        _writer.WriteUInt64(address | flags);
        if (block is not null)
            _writer.WriteCountedString(block);
        return this;
    }

    public SampleStream Bytes(ReadOnlySpan<byte> bytes)
    {
        _writer.Write(bytes);
        return this;
    }

    public SampleStream Footer(uint id)
    {
        _writer.WriteByte(0x7e);
        _writer.WriteUInt32(id);
        return this;
    }

    public SampleStream Command(ushort id, params byte[] payload)
    {
        _writer.WriteByte(8);
        _writer.WriteUInt16(id);
        _writer.WriteUInt16((ushort)payload.Length);
        _writer.Write(payload);
        return this;
    }

    /// <summary>One device, the end, and a description.</summary>
    public SampleStream Devices() => Timer().Description(
        """{"page_size": 4096, "devices": [{"name": "timer", "instance_id": 0, "vmsd_name": "timer", "version": 2, "fields": [{"name": "ticks", "type": "int64", "size": 8}, {"name": "modes", "array_len": 2, "type": "uint16", "size": 2}]}]}""");

    public SampleStream Timer() => Begin(SectionType.Full, 0, "timer", 0, 2).Bytes([255, 255, 255, 255, 255, 255, 255, 254, 0, 1, 0, 2]).Footer(0);

    public SampleStream Description(string json) => Bytes([0]).DescriptionOnly(json);

    public SampleStream DescriptionOnly(string json)
    {
        _writer.WriteByte(6);
        _writer.WriteUInt32((uint)json.Length);
        _writer.Write(Encoding.ASCII.GetBytes(json));
        return this;
    }
}
