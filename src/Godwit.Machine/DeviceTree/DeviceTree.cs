using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Godwit.Machine;

/// <summary>A flattened device tree, version 17 (Devicetree Specification, chapter 5).</summary>
public sealed class DeviceTree
{
    private const uint Magic = 0xd00dfeed;
    private const uint Version = 17;
    private const uint LastCompatibleVersion = 16;
    private const int HeaderBytes = 40;
    private const int ReservationBytes = 16;
    private const uint BeginNode = 1;
    private const uint EndNode = 2;
    private const uint Property = 3;
    private const uint End = 9;

    private readonly DeviceTreeStrings _strings = new();

    /// <summary>Creates a tree with an empty root.</summary>
    public DeviceTree() => Root = new DeviceTreeNode(string.Empty, _strings);

    /// <summary>The root node.</summary>
    public DeviceTreeNode Root { get; }

    /// <summary>Writes the tree: header, an empty list of reserved memory, structure, strings.</summary>
    public byte[] ToBlob()
    {
        var structure = new ArrayBufferWriter<byte>();
        Write(structure, Root);
        Write(structure, End);
        ReadOnlySpan<byte> strings = _strings.Bytes;
        int structureOffset = HeaderBytes + ReservationBytes;
        var blob = new byte[structureOffset + structure.WrittenCount + strings.Length];
        ReadOnlySpan<uint> header =
        [
            Magic, (uint)blob.Length, (uint)structureOffset, (uint)(structureOffset + structure.WrittenCount), HeaderBytes,
            Version, LastCompatibleVersion, 0, (uint)strings.Length, (uint)structure.WrittenCount,
        ];
        for (int i = 0; i < header.Length; i++)
            BinaryPrimitives.WriteUInt32BigEndian(blob.AsSpan(4 * i), header[i]);
        structure.WrittenSpan.CopyTo(blob.AsSpan(structureOffset));
        strings.CopyTo(blob.AsSpan(structureOffset + structure.WrittenCount));
        return blob;
    }

    private static void Write(ArrayBufferWriter<byte> output, uint cell)
    {
        BinaryPrimitives.WriteUInt32BigEndian(output.GetSpan(4), cell);
        output.Advance(4);
    }

    private static void WritePadded(ArrayBufferWriter<byte> output, ReadOnlySpan<byte> bytes)
    {
        int padded = (bytes.Length + 3) & ~3;
        Span<byte> place = output.GetSpan(padded)[..padded];
        place.Clear();
        bytes.CopyTo(place);
        output.Advance(padded);
    }

    private void Write(ArrayBufferWriter<byte> output, DeviceTreeNode node)
    {
        Write(output, BeginNode);
        WritePadded(output, Encoding.ASCII.GetBytes(node.Name + "\0"));
        foreach ((string name, byte[] value) in node.Properties)
        {
            Write(output, Property);
            Write(output, (uint)value.Length);
            Write(output, _strings.Intern(name));
            WritePadded(output, value);
        }

        foreach (DeviceTreeNode child in node.Children)
            Write(output, child);
        Write(output, EndNode);
    }
}
