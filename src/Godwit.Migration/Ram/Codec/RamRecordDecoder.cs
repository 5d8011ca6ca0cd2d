using System.Globalization;
using System.Numerics;
using Godwit.Memory;
using Godwit.Wire;
using static Godwit.Wire.StreamNumber;

namespace Godwit.Migration;

/// <summary>Reads RAM records of one channel and checks them; its twin is <see cref="RamRecordEncoder"/> (docs/formats/ram.md, "Records").</summary>
/// <remarks>Used by one thread. Remembers the block of the previous page record for CONTINUE.</remarks>
public sealed class RamRecordDecoder
{
    private const RamRecordBits KnownKinds =
        RamRecord.PageKinds | RamRecordBits.MemorySize | RamRecordBits.EndOfSection | RamRecordBits.Hook | RamRecordBits.MultiFdFlush;

    private readonly MigrationReader _reader;
    private readonly Func<string, RamBlock?> _findBlock;
    private RamBlock? _lastBlock;

    /// <summary>Reads from <paramref name="reader"/>.</summary>
    /// <param name="reader">The channel's reader.</param>
    /// <param name="findBlock">Finds a block that pages may be placed into, by name.</param>
    public RamRecordDecoder(MigrationReader reader, Func<string, RamBlock?> findBlock)
    {
        ArgumentNullException.ThrowIfNull(reader);
        ArgumentNullException.ThrowIfNull(findBlock);
        _reader = reader;
        _findBlock = findBlock;
    }

    /// <summary>The reader that records come from.</summary>
    public MigrationReader Reader => _reader;

    /// <summary>Reads a record up to its payload.</summary>
    /// <exception cref="StreamFormatException">The flags are illegal, the block is unknown, or the page is not inside it.</exception>
    public RamRecordHeader ReadHeader()
    {
        long position = _reader.Position;
        ulong word = _reader.ReadUInt64();
        RamRecordBits flags = RamRecord.FlagsOf(word);
        ulong address = RamRecord.AddressOf(word);
        RamRecordBits kind = flags & ~RamRecordBits.Continue;
        if ((kind & RamRecord.PageKinds) != RamRecordBits.None && BitOperations.IsPow2((int)kind))
        {
            RamBlock block = ReadBlock(flags, position);
            if (address >= block.UsedLengthBytes)
                throw PageOutside(block, address, position);
            return new RamRecordHeader(kind, address, block, position);
        }

        CheckOtherKind(flags, kind, address, position);
        return new RamRecordHeader(kind, address, null, position);
    }

    /// <summary>Reads and checks the fill byte of a ZERO record.</summary>
    /// <exception cref="StreamFormatException">It is not 0.</exception>
    public void ReadZeroFill(in RamRecordHeader header)
    {
        byte fill = _reader.ReadByte();
        if (fill != 0)
            throw _reader.Error($"a zero page of {Where(header)} has another fill byte", "0", Number(fill), _reader.Position - 1);
    }

    /// <summary>Reads an XBZRLE payload.</summary>
    /// <param name="header">The record.</param>
    /// <param name="buffer">At least one page of room.</param>
    /// <returns>The encoding, inside <paramref name="buffer"/>.</returns>
    /// <exception cref="StreamFormatException">The encoding byte is unknown or the length is more than a page.</exception>
    public ReadOnlySpan<byte> ReadXbzrle(in RamRecordHeader header, Span<byte> buffer)
    {
        byte encoding = _reader.ReadByte();
        if (encoding != XbzrleFormat.Encoding)
        {
            throw _reader.Error(
                $"an XBZRLE page of {Where(header)} has an unknown encoding", Number(XbzrleFormat.Encoding), Number(encoding), _reader.Position - 1);
        }

        int length = _reader.ReadUInt16();
        if (length > XbzrleFormat.PageBytes)
        {
            throw _reader.Error(
                $"an XBZRLE page of {Where(header)} is longer than a page", $"at most {XbzrleFormat.PageBytes}", Number(length), _reader.Position - 2);
        }

        Span<byte> data = buffer[..length];
        _reader.ReadExactly(data);
        return data;
    }

    /// <summary>Reads the payload of a page that a peer compressed with zlib.</summary>
    /// <inheritdoc cref="ReadXbzrle"/>
    public ReadOnlySpan<byte> ReadCompressed(in RamRecordHeader header, Span<byte> buffer)
    {
        uint length = _reader.ReadUInt32();
        if (length > CompressedPage.MaxBytes)
        {
            throw _reader.Error(
                $"a compressed page of {Where(header)} is longer than any page can become",
                $"at most {CompressedPage.MaxBytes}",
                Number(length),
                _reader.Position - 4);
        }

        Span<byte> data = buffer[..(int)length];
        _reader.ReadExactly(data);
        return data;
    }

    /// <summary>Names a page for a message.</summary>
    internal static string Where(in RamRecordHeader header) =>
        string.Create(CultureInfo.InvariantCulture, $"block \"{header.Block?.IdString}\" at offset 0x{header.Address:x}");

    private RamBlock ReadBlock(RamRecordBits flags, long position)
    {
        if ((flags & RamRecordBits.Continue) != RamRecordBits.None)
        {
            return _lastBlock ?? throw _reader.Error(
                "a page record continues a block, but none came before it", "a block name", $"flags {Hex((ulong)flags)}", position);
        }

        long at = _reader.Position;
        string name = _reader.ReadCountedString();
        RamBlock? block = string.Equals(name, _lastBlock?.IdString, StringComparison.Ordinal) ? _lastBlock : _findBlock(name);
        _lastBlock = block ?? throw _reader.Error("a page record names an unknown block", "a block of this machine", $"\"{name}\"", at);
        return block;
    }

    private StreamFormatException PageOutside(RamBlock block, ulong address, long position) =>
        _reader.Error(
            $"a page record lies outside block \"{block.IdString}\"", $"an offset below {Hex(block.UsedLengthBytes)}", Hex(address), position);

    private void CheckOtherKind(RamRecordBits flags, RamRecordBits kind, ulong address, long position)
    {
        bool isKnown = flags == kind && (kind & ~KnownKinds) == RamRecordBits.None && BitOperations.IsPow2((int)kind);
        if (!isKnown)
            throw _reader.Error("a RAM record has an illegal combination of flags", "one known kind", Hex((ulong)flags), position);
        if (kind is RamRecordBits.EndOfSection or RamRecordBits.MultiFdFlush && address != 0)
            throw _reader.Error("a RAM record without a page has an address", Hex((ulong)kind), Hex(address | (ulong)flags), position);
    }
}
