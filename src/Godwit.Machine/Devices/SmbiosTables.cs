using System.Buffers.Binary;
using System.Text;

namespace Godwit.Machine;

/// <summary>The SMBIOS 3.0 tables that firmware finds in fw_cfg: what the machine is made of, for programs such as <c>dmidecode</c>.</summary>
/// <remarks>The layout of each structure is the standard's; which structures there are and what they say is in docs/formats/virt-sections.md.</remarks>
internal static class SmbiosTables
{
    /// <summary>Sizes in MiB from here on stand in the field for large modules.</summary>
    private const ulong LargeModuleMebibytes = 0x7fff;

    private static readonly string[] _machineStrings = ["QEMU", "virt"];

    /// <summary>Builds the entry point, which firmware completes with the place of the tables, and the tables.</summary>
    public static (byte[] Anchor, byte[] Tables) Build(Guid uuid, ulong ramBytes, int hartCount)
    {
        using var tables = new MemoryStream();
        Append(tables, 1, 0x0100, [1, 2, 3, 0, .. uuid.ToByteArray(), 6, 0, 0], "QEMU", "QEMU Virtual Machine", "virt");
        Append(tables, 3, 0x0300, [1, 1, 2, 0, 0, 3, 3, 3, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0], _machineStrings);
        Append(tables, 4, 0x0400, Processor((byte)hartCount), ["CPU 0", .. _machineStrings]);
        Append(tables, 16, 0x1000, MemoryArray(ramBytes));
        Append(tables, 17, 0x1100, MemoryModule(ramBytes >> 20), "DIMM 0", "QEMU");
        Append(tables, 19, 0x1300, MappedRange(ramBytes));
        Append(tables, 32, 0x2000, new byte[7]);
        Append(tables, 127, 0x7f00, []);
        byte[] content = tables.ToArray();

        // Length 24, version 3.0.0, revision 1; no address and no checksum yet.
        byte[] anchor = [.. "_SM3_"u8, 0, 24, 3, 0, 0, 1, 0, .. new byte[12]];
        BinaryPrimitives.WriteUInt32LittleEndian(anchor.AsSpan(12), (uint)content.Length);
        return (anchor, content);
    }

    /// <summary>Type, length, handle, the formatted part; strings with their ends, and one more zero; two zeros without strings.</summary>
    private static void Append(MemoryStream tables, byte type, ushort handle, byte[] formatted, params ReadOnlySpan<string> strings)
    {
        tables.Write([type, (byte)(4 + formatted.Length), (byte)handle, (byte)(handle >> 8), .. formatted]);
        foreach (string text in strings)
            tables.Write([.. Encoding.ASCII.GetBytes(text), 0]);
        tables.Write(strings.IsEmpty ? [0, 0] : [0]);
    }

    /// <summary>A central processor of an unknown family at 2000 MHz; cores and threads, each in 8 and 16 bits.</summary>
    private static byte[] Processor(byte count)
    {
        byte[] part =
        [
            1, 3, 0xfe, 2, .. new byte[8], 3, 0, 0, 0, 0xd0, 0x07, 0xd0, 0x07, 0x41, 1, .. Enumerable.Repeat((byte)0xff, 6),
            0, 0, 0, count, count, count, 2, 0, 1, 2, count, 0, count, 0, count, 0,
        ];
        return part;
    }

    private static byte[] MemoryArray(ulong ramBytes)
    {
        byte[] part = [1, 3, 6, 0, 0, 0, 0, 0xfe, 0xff, 1, 0, .. new byte[8]];
        ulong kibibytes = ramBytes >> 10;
        bool isLarge = kibibytes >= 0x8000_0000;
        BinaryPrimitives.WriteUInt32LittleEndian(part.AsSpan(3), isLarge ? 0x8000_0000 : (uint)kibibytes);
        if (isLarge)
            BinaryPrimitives.WriteUInt64LittleEndian(part.AsSpan(11), ramBytes);
        return part;
    }

    private static byte[] MemoryModule(ulong mebibytes)
    {
        byte[] part = [0, 0x10, 0xfe, 0xff, .. Enumerable.Repeat((byte)0xff, 4), 0, 0, 9, 0, 1, 0, 7, 2, 0, 0, 0, 2, .. new byte[16]];
        bool isLarge = mebibytes >= LargeModuleMebibytes;
        BinaryPrimitives.WriteUInt16LittleEndian(part.AsSpan(8), (ushort)(isLarge ? LargeModuleMebibytes : mebibytes));
        if (isLarge)
            BinaryPrimitives.WriteUInt32LittleEndian(part.AsSpan(24), (uint)mebibytes);
        return part;
    }

    private static byte[] MappedRange(ulong ramBytes)
    {
        byte[] part = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10, 1, .. new byte[16]];
        const ulong First = VirtMemoryMap.Ram >> 10;
        ulong last = First + (ramBytes >> 10) - 1;
        bool isLarge = last > uint.MaxValue - 1;
        BinaryPrimitives.WriteUInt32LittleEndian(part, isLarge ? uint.MaxValue : (uint)First);
        BinaryPrimitives.WriteUInt32LittleEndian(part.AsSpan(4), isLarge ? uint.MaxValue : (uint)last);
        if (isLarge)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(part.AsSpan(11), VirtMemoryMap.Ram);
            BinaryPrimitives.WriteUInt64LittleEndian(part.AsSpan(19), VirtMemoryMap.Ram + ramBytes - 1);
        }

        return part;
    }
}
