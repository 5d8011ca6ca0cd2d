using Godwit.Memory;
using Godwit.Native;
using Godwit.Wire;

namespace Godwit.Migration;

/// <summary>Writes RAM records of one channel; its twin is <see cref="RamRecordDecoder"/> (docs/formats/ram.md, "Records").</summary>
/// <remarks>Used by one thread. Remembers the block of the previous page record, whose name the next one need not repeat.</remarks>
public sealed class RamRecordEncoder
{
    private readonly MigrationWriter _writer;
    private RamBlock? _lastBlock;

    /// <summary>Writes to <paramref name="writer"/>; the first page record will carry its block's name.</summary>
    public RamRecordEncoder(MigrationWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        _writer = writer;
    }

    /// <summary>A page of zeros.</summary>
    public void WriteZero(RamBlock block, RamOffset offset)
    {
        WritePageHeader(block, offset, RamRecordBits.Zero);
        _writer.WriteByte(0);
    }

    /// <summary>A page in full, taken from guest memory when the writer flushes.</summary>
    /// <param name="block">The block.</param>
    /// <param name="offset">Where the page starts in it.</param>
    /// <param name="page">The page's memory; must stay mapped until the flush, and may change meanwhile if the page is sent again then.</param>
    public void WritePage(RamBlock block, RamOffset offset, HostRange page)
    {
        WritePageHeader(block, offset, RamRecordBits.Page);
        _writer.WriteByReference(page);
    }

    /// <summary>A page in full, copied at once.</summary>
    public void WritePageCopy(RamBlock block, RamOffset offset, ReadOnlySpan<byte> page)
    {
        WritePageHeader(block, offset, RamRecordBits.Page);
        _writer.Write(page);
    }

    /// <summary>A page as its difference to what was sent before.</summary>
    /// <param name="block">The block.</param>
    /// <param name="offset">Where the page starts in it.</param>
    /// <param name="encoding">What <see cref="XbzrleEncoder"/> made; 1 byte to one page.</param>
    public void WriteXbzrle(RamBlock block, RamOffset offset, ReadOnlySpan<byte> encoding)
    {
        WritePageHeader(block, offset, RamRecordBits.Xbzrle);
        _writer.WriteByte(XbzrleFormat.Encoding);
        _writer.WriteUInt16((ushort)encoding.Length);
        _writer.Write(encoding);
    }

    /// <summary>The start of the block list: the sum of the lengths of all blocks in it.</summary>
    public void WriteMemorySize(ulong totalBytes) => _writer.WriteUInt64(totalBytes | (ulong)RamRecordBits.MemorySize);

    /// <summary>One entry of the block list.</summary>
    /// <param name="entry">The entry; its optional fields are written if they are there.</param>
    public void WriteBlockListEntry(in RamBlockListEntry entry)
    {
        _writer.WriteCountedString(entry.Name);
        _writer.WriteUInt64(entry.UsedLengthBytes);
        if (entry.PageSizeBytes is { } pageSize)
            _writer.WriteUInt64(pageSize);
        if (entry.GuestAddress is { } address)
            _writer.WriteUInt64(address);
    }

    /// <summary>The end of the section's body.</summary>
    public void WriteEndOfSection() => _writer.WriteUInt64((ulong)RamRecordBits.EndOfSection);

    /// <summary>A synchronisation point of the multifd channels.</summary>
    public void WriteMultiFdFlush() => _writer.WriteUInt64((ulong)RamRecordBits.MultiFdFlush);

    private void WritePageHeader(RamBlock block, RamOffset offset, RamRecordBits kind)
    {
        if (ReferenceEquals(block, _lastBlock))
        {
            _writer.WriteUInt64(offset.Value | (ulong)(kind | RamRecordBits.Continue));
            return;
        }

        _writer.WriteUInt64(offset.Value | (ulong)kind);
        _writer.WriteCountedString(block.IdString);
        _lastBlock = block;
    }
}
