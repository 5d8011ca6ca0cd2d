using System.Buffers.Binary;
using Godwit.Wire;

namespace Godwit.Machine;

/// <summary>A request in flight as the section carries it: a dump, in little-endian order, of the sender's structure.</summary>
internal static class VirtqueueElement
{
    public const int Bytes = 16 + (VirtioConstants.MaximumRingEntries * 48);

    private const int InAddresses = 16;
    private const int OutAddresses = InAddresses + (8 * VirtioConstants.MaximumRingEntries);
    private const int InSegments = OutAddresses + (8 * VirtioConstants.MaximumRingEntries);
    private const int OutSegments = InSegments + (16 * VirtioConstants.MaximumRingEntries);

    /// <summary>Reads a request of queue <paramref name="queueIndex"/>.</summary>
    public static VirtioRequest Load(MigrationReader reader, bool hasOffset = false, int queueIndex = 0)
    {
        if (hasOffset)
        {
            reader.ReadUInt32();
            reader.ReadUInt64();
        }

        var bytes = new byte[Bytes];
        reader.ReadExactly(bytes);
        uint head = Read32(bytes, 0);
        uint outCount = Read32(bytes, 4);
        uint inCount = Read32(bytes, 8);
        if (outCount > VirtioConstants.MaximumRingEntries || inCount > VirtioConstants.MaximumRingEntries)
            throw reader.Error("request in flight has too many segments", "at most 1024", $"{outCount} out, {inCount} in");
        return new VirtioRequest(
            queueIndex, head, ReadSegments(reader, bytes, OutAddresses, OutSegments, outCount), ReadSegments(reader, bytes, InAddresses, InSegments, inCount));
    }

    /// <summary>Writes a request.</summary>
    public static void Save(MigrationWriter writer, VirtioRequest request)
    {
        var bytes = new byte[Bytes];
        Span<byte> all = bytes;
        BinaryPrimitives.WriteUInt32LittleEndian(all, request.Head);
        BinaryPrimitives.WriteUInt32LittleEndian(all[4..], (uint)request.Out.Count);
        BinaryPrimitives.WriteUInt32LittleEndian(all[8..], (uint)request.In.Count);
        WriteSegments(all, OutAddresses, OutSegments, request.Out);
        WriteSegments(all, InAddresses, InSegments, request.In);
        writer.Write(bytes);
    }

    private static uint Read32(byte[] bytes, int offset) => BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(offset));

    private static List<VirtioSegment> ReadSegments(MigrationReader reader, byte[] bytes, int addresses, int segments, uint count)
    {
        var list = new List<VirtioSegment>((int)count);
        for (int i = 0; i < (int)count; i++)
        {
            ulong length = BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(segments + (16 * i) + 8));
            if (length > uint.MaxValue)
                throw reader.Error("segment of a request in flight too long", "at most 4 GiB", $"{length}");
            list.Add(new VirtioSegment(BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(addresses + (8 * i))), (uint)length));
        }

        return list;
    }

    private static void WriteSegments(Span<byte> bytes, int addresses, int segments, IReadOnlyList<VirtioSegment> list)
    {
        for (int i = 0; i < list.Count; i++)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(bytes[(addresses + (8 * i))..], list[i].Address);
            BinaryPrimitives.WriteUInt64LittleEndian(bytes[(segments + (16 * i) + 8)..], list[i].LengthBytes);
        }
    }
}
