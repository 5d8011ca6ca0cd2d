using System.Buffers;
using Godwit.Wire;

namespace Godwit.Migration.Tests.Savevm;

/// <summary>Builds streams piece by piece, right or wrong, in hexadecimal where the bytes matter.</summary>
internal sealed class StreamBytes
{
    private readonly ArrayBufferWriter<byte> _bytes = new();

    public StreamBytes Hex(string hex)
    {
        _bytes.Write(Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal)));
        return this;
    }

    public StreamBytes Byte(byte value) => Write(writer => writer.WriteByte(value));

    public StreamBytes UInt16(ushort value) => Write(writer => writer.WriteUInt16(value));

    public StreamBytes UInt32(uint value) => Write(writer => writer.WriteUInt32(value));

    public StreamBytes Text(string value) => Write(writer => writer.WriteCountedString(value));

    /// <summary>Magic, version and the configuration of a machine without subsections.</summary>
    public StreamBytes Head(string machine = "virt") => Hex("5145564d 00000003 07").UInt32((uint)machine.Length).Raw(machine);

    public StreamBytes Raw(string text) => Write(writer => writer.Write(System.Text.Encoding.ASCII.GetBytes(text)));

    public StreamBytes Section(byte type, uint id, string idString, uint instance, uint version) =>
        Byte(type).UInt32(id).Text(idString).UInt32(instance).UInt32(version);

    public StreamBytes Footer(uint id) => Byte(0x7e).UInt32(id);

    public StreamBytes Command(ushort id, string payloadHex = "")
    {
        Byte(8).UInt16(id).UInt16((ushort)(payloadHex.Length / 2));
        return Hex(payloadHex);
    }

    public byte[] ToArray() => _bytes.WrittenSpan.ToArray();

    private StreamBytes Write(Action<MigrationWriter> write)
    {
        var writer = MigrationWriter.ToMemory(_bytes);
        write(writer);
        writer.Flush();
        return this;
    }
}
