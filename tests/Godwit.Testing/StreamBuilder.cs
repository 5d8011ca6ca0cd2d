using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Godwit.Wire;

namespace Godwit.Testing;

/// <summary>Writes the bytes of a stream by hand, without the code under test: numbers are big-endian.</summary>
public sealed class StreamBuilder
{
    private readonly ArrayBufferWriter<byte> _bytes = new();

    /// <summary>Bytes so far.</summary>
    public long Length => _bytes.WrittenCount;

    /// <summary>Appends an 8-bit number.</summary>
    public StreamBuilder U8(byte value)
    {
        _bytes.Write([value]);
        return this;
    }

    /// <summary>Appends a 16-bit number.</summary>
    public StreamBuilder U16(ushort value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(ushort)];
        BinaryPrimitives.WriteUInt16BigEndian(bytes, value);
        return Bytes(bytes);
    }

    /// <summary>Appends a 32-bit number.</summary>
    public StreamBuilder U32(uint value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        return Bytes(bytes);
    }

    /// <summary>Appends a 64-bit number.</summary>
    public StreamBuilder U64(ulong value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, value);
        return Bytes(bytes);
    }

    /// <summary>Appends a length byte and the characters, one byte each.</summary>
    public StreamBuilder CountedString(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return U8(checked((byte)text.Length)).Bytes(Encoding.Latin1.GetBytes(text));
    }

    /// <summary>Appends bytes.</summary>
    public StreamBuilder Bytes(ReadOnlySpan<byte> bytes)
    {
        _bytes.Write(bytes);
        return this;
    }

    /// <summary>Appends <paramref name="count"/> times the same byte.</summary>
    public StreamBuilder Fill(byte value, int count)
    {
        for (var i = 0; i < count; i++)
            _bytes.Write([value]);
        return this;
    }

    /// <summary>Appends bytes given in hexadecimal; blanks are left out.</summary>
    public StreamBuilder Hex(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return Bytes(Convert.FromHexString(text.Replace(" ", "", StringComparison.Ordinal)));
    }

    /// <summary>The stream so far.</summary>
    public byte[] ToArray() => _bytes.WrittenSpan.ToArray();

    /// <summary>A reader over the stream so far.</summary>
    public MigrationReader ToReader() => MigrationReader.FromMemory(ToArray());
}
