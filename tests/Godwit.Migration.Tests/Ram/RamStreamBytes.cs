using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Godwit.Migration.Tests.Ram;

/// <summary>Writes the bytes of RAM sections by hand, so that expectations do not come from the code under test.</summary>
internal sealed class RamStreamBytes
{
    private readonly ArrayBufferWriter<byte> _bytes = new();

    public byte[] ToArray() => _bytes.WrittenSpan.ToArray();

    public RamStreamBytes U64(ulong value)
    {
        BinaryPrimitives.WriteUInt64BigEndian(_bytes.GetSpan(8), value);
        _bytes.Advance(8);
        return this;
    }

    public RamStreamBytes U32(uint value)
    {
        BinaryPrimitives.WriteUInt32BigEndian(_bytes.GetSpan(4), value);
        _bytes.Advance(4);
        return this;
    }

    public RamStreamBytes Bytes(params byte[] bytes)
    {
        _bytes.Write(bytes);
        return this;
    }

    public RamStreamBytes Hex(string hex) => Bytes(Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal)));

    public RamStreamBytes Name(string name) => Bytes((byte)name.Length).Bytes(Encoding.Latin1.GetBytes(name));

    public RamStreamBytes Fill(byte value, int count)
    {
        byte[] bytes = new byte[count];
        Array.Fill(bytes, value);
        return Bytes(bytes);
    }

    public RamStreamBytes EndOfSection() => U64(0x10);
}
