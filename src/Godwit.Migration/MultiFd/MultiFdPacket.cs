using System.Buffers.Binary;
using System.Text;
using Godwit.Memory;
using Godwit.Wire;
using static Godwit.Migration.MultiFdFormat;
using static Godwit.Wire.StreamNumber;

namespace Godwit.Migration;

/// <summary>The header block of a packet, in place (docs/formats/multifd.md, "Packet"): one half writes it, the other checks it.</summary>
/// <remarks>A view of <see cref="HeaderBytes"/> bytes; nothing is copied.</remarks>
public readonly ref struct MultiFdPacket
{
    private readonly Span<byte> _bytes;

    /// <summary>Looks at a header block.</summary>
    public MultiFdPacket(Span<byte> bytes) => _bytes = bytes[..HeaderBytes];

    /// <summary>The flags.</summary>
    public MultiFdBits Flags => (MultiFdBits)Word(FlagsAt);

    /// <summary>Pages whose content follows.</summary>
    public int NormalPages => (int)Word(NormalAt);

    /// <summary>Pages that are zero; 0 from peers that do not know them.</summary>
    public int ZeroPages => (int)Word(ZeroAt);

    /// <summary>Bytes that follow. Means nothing without normal pages.</summary>
    public int PayloadBytes => (int)Word(PayloadAt);

    /// <summary>Counts all packets of a migration.</summary>
    public ulong Number => BinaryPrimitives.ReadUInt64BigEndian(_bytes[NumberAt..]);

    /// <summary>The block of all pages.</summary>
    public ReadOnlySpan<byte> BlockName
    {
        get
        {
            ReadOnlySpan<byte> name = _bytes.Slice(NameAt, NameBytes - 1);
            int end = name.IndexOf((byte)0);
            return end < 0 ? name : name[..end];
        }
    }

    /// <summary>Starts a header block anew: all zero but magic and version.</summary>
    public void Clear()
    {
        _bytes.Clear();
        BinaryPrimitives.WriteUInt32BigEndian(_bytes, MultiFdFormat.Magic);
        BinaryPrimitives.WriteUInt32BigEndian(_bytes[sizeof(uint)..], MultiFdFormat.Version);
    }

    /// <summary>The header block of a synchronisation point.</summary>
    public void WriteSync(ulong number)
    {
        Clear();
        Put(FlagsAt, (uint)MultiFdBits.Sync);
        BinaryPrimitives.WriteUInt64BigEndian(_bytes[NumberAt..], number);
    }

    /// <summary>Everything but block name and offsets.</summary>
    public void WriteCounts(MultiFdBits flags, int normal, int zero, int payloadBytes, ulong number)
    {
        Put(FlagsAt, (uint)flags);
        Put(AllocatedAt, MaxPages);
        Put(NormalAt, (uint)normal);
        Put(PayloadAt, (uint)payloadBytes);
        BinaryPrimitives.WriteUInt64BigEndian(_bytes[NumberAt..], number);
        Put(ZeroAt, (uint)zero);
    }

    /// <summary>The block of all pages.</summary>
    /// <exception cref="ArgumentException">The name is longer than its field.</exception>
    public void WriteBlockName(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (name.Length >= NameBytes)
            throw new ArgumentException("The block's name is longer than its field in a packet.", nameof(name));
        Span<byte> field = _bytes.Slice(NameAt, NameBytes);
        field.Clear();
        Encoding.Latin1.GetBytes(name, field);
    }

    /// <summary>Byte offset of a page in the block; normal pages come first, then zero pages.</summary>
    public ulong GetOffset(int index) => BinaryPrimitives.ReadUInt64BigEndian(_bytes[OffsetAt(index)..]);

    /// <summary>Neighbouring normal pages from <paramref name="index"/> on, itself included. The packet was checked.</summary>
    internal int RunLength(int index)
    {
        int end = index + 1;
        ulong next = GetOffset(index) + TargetPage.SizeBytes;
        for (; end < NormalPages && GetOffset(end) == next; end++)
            next += TargetPage.SizeBytes;
        return end - index;
    }

    /// <summary>Sets a page's byte offset.</summary>
    public void SetOffset(int index, ulong offset) => BinaryPrimitives.WriteUInt64BigEndian(_bytes[OffsetAt(index)..], offset);

    /// <summary>Checks everything that can be checked without knowing the blocks.</summary>
    /// <param name="method">The compression method of this side.</param>
    /// <param name="position">Where the header block starts in the channel, for errors.</param>
    /// <exception cref="StreamFormatException">It is not acceptable.</exception>
    public void Check(MultiFdBits method, long position)
    {
        if (Word(0) != MultiFdFormat.Magic)
            throw Error("a packet starts with another magic", 0, position, Hex(MultiFdFormat.Magic), Hex(Word(0)));
        if (Word(sizeof(uint)) != MultiFdFormat.Version)
            throw Error("a packet has another version", sizeof(uint), position, Number(MultiFdFormat.Version), Number(Word(sizeof(uint))));
        if (Flags.HasFlag(MultiFdBits.DeviceState))
            throw Error("a packet has state of a device; no device here takes any", FlagsAt, position, "pages", Hex((uint)Flags));
        uint allocated = Word(AllocatedAt);
        if (allocated > MaxPages)
            throw Error("a packet has room for too many pages", AllocatedAt, position, $"at most {MaxPages}", Number(allocated));
        uint normal = Word(NormalAt);
        if (normal > allocated)
            throw Error("a packet has more pages than room for them", NormalAt, position, $"at most {allocated}", Number(normal));
        uint zero = Word(ZeroAt);
        if (zero > allocated - normal)
            throw Error("a packet has more zero pages than room for them", ZeroAt, position, $"at most {allocated - normal}", Number(zero));
        if (normal + zero == 0)
            return;
        MultiFdBits found = Flags & MultiFdBits.MethodMask;
        if (found != method)
            throw Error("a packet is compressed by another method", FlagsAt, position, Hex((uint)method), Hex((uint)found));
        if (normal == 0)
            return;
        uint payload = Word(PayloadAt);
        if (method == MultiFdBits.None ? payload != normal * TargetPage.SizeBytes : payload is 0 or > MaxPayloadBytes)
        {
            string expected = method == MultiFdBits.None
                ? Number(normal * TargetPage.SizeBytes)
                : $"1 to {MaxPayloadBytes}";
            throw Error("a packet's payload has an impossible length", PayloadAt, position, expected, Number(payload));
        }
    }

    /// <summary>An error in one of the page offsets.</summary>
    internal static StreamFormatException OffsetError(int index, long position, RamBlock block, ulong offset) => Error(
        $"a packet has a page that is not in block \"{block.IdString}\"",
        OffsetAt(index), position, $"a page below {Hex(block.UsedLengthBytes)}", Hex(offset));

    /// <summary>An error in the block name.</summary>
    internal static StreamFormatException NameError(long position, string name) =>
        Error("a packet names a block that this machine does not have, or that is not migrated", NameAt, position, "a block of this machine", $"\"{name}\"");

    private static StreamFormatException Error(string reason, int at, long position, string expected, string found) =>
        MultiFdFormat.Error(reason, position + at, expected, found);

    private static int OffsetAt(int index) => OffsetsAt + (index * sizeof(ulong));

    private uint Word(int at) => BinaryPrimitives.ReadUInt32BigEndian(_bytes[at..]);

    private void Put(int at, uint value) => BinaryPrimitives.WriteUInt32BigEndian(_bytes[at..], value);
}
