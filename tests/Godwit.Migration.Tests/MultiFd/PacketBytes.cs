using System.Buffers.Binary;
using System.Text;

namespace Godwit.Migration.Tests.MultiFd;

/// <summary>A packet built from the format page, not by the code under test.</summary>
internal static class PacketBytes
{
    public const int HeaderBytes = 1344;

    public static byte[] Sync() => Header(0x01, 0, 0, 0, 0, "");

    public static byte[] Pages(string block, ulong[] normal, ulong[] zero, byte fill, uint flags = 0)
    {
        byte[] packet = new byte[HeaderBytes + (normal.Length * 4096)];
        Header(flags, 128, normal.Length, normal.Length * 4096, zero.Length, block, [.. normal, .. zero]).CopyTo(packet, 0);
        packet.AsSpan(HeaderBytes).Fill(fill);
        return packet;
    }

    public static byte[] Compressed(string block, ulong[] normal, byte[] payload, uint method) =>
        [.. Header(method, 128, normal.Length, payload.Length, 0, block, normal), .. payload];

    public static byte[] Header(uint flags, int room, int normal, int payload, int zero, string block, params ulong[] offsets)
    {
        byte[] bytes = new byte[HeaderBytes];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, 0x11223344);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(4), 1);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(8), flags);
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(12), room);
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(16), normal);
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(20), payload);
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(32), zero);
        Encoding.ASCII.GetBytes(block).CopyTo(bytes, 64);
        for (int i = 0; i < offsets.Length; i++)
            BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(320 + (8 * i)), offsets[i]);
        return bytes;
    }
}
