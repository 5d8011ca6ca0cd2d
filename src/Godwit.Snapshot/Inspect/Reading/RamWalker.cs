using System.Globalization;
using System.Numerics;
using Godwit.Migration;
using static Godwit.Wire.StreamNumber;

namespace Godwit.Snapshot;

/// <summary>Walks the records of RAM sections: counts and places pages, checks block, address and flags, keeps no page.</summary>
internal sealed class RamWalker(StreamSource source, StreamFacts facts, InspectOptions options, InspectBudget budget)
{
    private const int WordBytes = 8;
    private const int MaxBlocks = 65536;
    private const uint MaxCompressedFactor = 2;

    private readonly Dictionary<string, RamBlockInfo> _blocks = new(StringComparer.Ordinal);

    /// <summary>Survives section boundaries, as CONTINUE does.</summary>
    private RamBlockInfo? _previous;

    /// <summary>Walks one section body, up to and with its EOS record.</summary>
    public void Walk(StreamItem item, bool isStart)
    {
        var section = new Section(options.ListPages ? [] : null);
        try
        {
            while (WalkRecord(section, isStart))
            {
            }
        }
        finally
        {
            item.Pages = section.Counts;
            item.PageRuns = section.Runs;
            facts.Pages += section.Counts;
        }
    }

    private bool WalkRecord(Section section, bool isStart)
    {
        long at = source.Position;
        ulong word = source.ReadUInt64();
        ulong mask = (ulong)facts.PageSizeBytes - 1;
        ulong address = word & ~mask;
        var flags = (RamRecordBits)(word & mask);
        switch (flags & ~RamRecordBits.Continue)
        {
            case RamRecordBits.EndOfSection when word == (ulong)RamRecordBits.EndOfSection:
                return false;
            case RamRecordBits.MultiFdFlush when word == (ulong)RamRecordBits.MultiFdFlush:
            case RamRecordBits.Hook when !flags.HasFlag(RamRecordBits.Continue):
                return true;
            case RamRecordBits.MemorySize when isStart && !flags.HasFlag(RamRecordBits.Continue):
                ReadBlockList(section, address, at);
                return true;
            case RamRecordBits.Zero or RamRecordBits.Page or RamRecordBits.Xbzrle or RamRecordBits.CompressPage:
                ReadPage(section, flags, address, at);
                return true;
            default:
                throw source.Error("Unknown combination of migration flags: " + Hex((uint)flags), "flags of one record", Hex(word), at);
        }
    }

    private void ReadPage(Section section, RamRecordBits flags, ulong address, long at)
    {
        RamBlockInfo block = ReadBlock(flags.HasFlag(RamRecordBits.Continue), at);
        if (address >= block.UsedLengthBytes)
        {
            throw source.Error(
                string.Create(CultureInfo.InvariantCulture, $"Illegal RAM offset {address:x} in block '{block.Name}'"), "below " + Hex(block.UsedLengthBytes), Hex(address), at);
        }

        if (facts.HasMappedRam)
            throw source.Error("page record in a stream with mapped-ram", "no page records", Hex((uint)flags), at);
        PageKind kind = (flags & RamRecord.PageKinds) switch
        {
            RamRecordBits.Zero => SkipZero(),
            RamRecordBits.Page => SkipNormal(),
            RamRecordBits.Xbzrle => SkipXbzrle(),
            _ => SkipCompressed(),
        };
        section.Add(block.Name, kind, address, at, facts.PageSizeBytes, budget);
    }

    private RamBlockInfo ReadBlock(bool isContinued, long at)
    {
        if (isContinued)
            return _previous ?? throw source.Error("CONTINUE without a previous block", "a block name", null, at);
        string name = source.ReadCountedString();
        if (!_blocks.TryGetValue(name, out RamBlockInfo? block))
            throw source.Error($"Can't find block {name}", "a block of the list", name, at);
        _previous = block;
        return block;
    }

    private PageKind SkipZero()
    {
        long at = source.Position;
        byte fill = source.ReadByte();
        if (fill != 0)
            throw source.Error("fill byte of a zero page is not zero", "0x00", Hex(fill), at);
        return PageKind.Zero;
    }

    private PageKind SkipNormal()
    {
        source.Skip(facts.PageSizeBytes);
        return PageKind.Normal;
    }

    private PageKind SkipXbzrle()
    {
        long at = source.Position;
        byte encoding = source.ReadByte();
        if (encoding != XbzrleFormat.Encoding)
            throw source.Error("unknown XBZRLE encoding", Number(XbzrleFormat.Encoding), Number(encoding), at);
        int length = source.ReadUInt16();
        if (length > facts.PageSizeBytes)
            throw source.Error("XBZRLE page longer than a page", "at most " + Number(facts.PageSizeBytes), Number(length), at);
        source.Skip(length);
        return PageKind.Xbzrle;
    }

    private PageKind SkipCompressed()
    {
        long at = source.Position;
        uint length = source.ReadUInt32();
        if (length > MaxCompressedFactor * (uint)facts.PageSizeBytes)
            throw source.Error("compressed page too long", "at most " + Number(MaxCompressedFactor * facts.PageSizeBytes), Number(length), at);
        source.Skip(length);
        return PageKind.Compressed;
    }

    private void ReadBlockList(Section section, ulong totalBytes, long at)
    {
        facts.RamBlocks.Clear();
        _blocks.Clear();
        ulong read = 0;
        while (read < totalBytes)
        {
            long blockAt = source.Position;
            if (facts.RamBlocks.Count == MaxBlocks)
                throw source.Error("too many RAM blocks", "at most " + Number(MaxBlocks), null, blockAt);
            RamBlockInfo block = ReadBlockInfo(section, blockAt);
            if (block.UsedLengthBytes > totalBytes - read)
            {
                throw source.Error(
                    $"length of RAM block '{block.Name}' exceeds the total",
                    "at most " + Hex(totalBytes - read),
                    Hex(block.UsedLengthBytes),
                    blockAt);
            }

            read += block.UsedLengthBytes;
            if (!_blocks.TryAdd(block.Name, block))
                throw source.Error($"RAM block '{block.Name}' is listed twice", "distinct names", block.Name, blockAt);
            facts.RamBlocks.Add(block);
        }
    }

    private RamBlockInfo ReadBlockInfo(Section section, long at)
    {
        string name = source.ReadCountedString();
        if (name.Length == 0)
            throw source.Error("RAM block without a name", "a name", null, at);
        ulong usedLength = source.ReadUInt64();
        if (usedLength == 0)
            throw source.Error($"RAM block '{name}' is empty", "a length", "0", at);
        ulong pageSize = TryReadPageSize() ?? (ulong)facts.PageSizeBytes;
        var block = new RamBlockInfo(name, usedLength, pageSize)
        {
            GuestAddress = facts.HasIgnoreShared ? source.ReadUInt64() : null,
        };
        return facts.HasMappedRam ? ReadMappedRam(section, block) : block;
    }

    /// <summary>
    /// With postcopy-ram a block's page size follows when it is not the usual one; nothing says so. What can follow
    /// otherwise is a name (first byte not 0) or a record word below the least page size.
    /// </summary>
    private ulong? TryReadPageSize()
    {
        if (!facts.IsPostcopyRamAdvised)
            return null;
        ReadOnlySpan<byte> next = source.Peek(WordBytes);
        if (next.Length < WordBytes)
            return null;
        ulong value = System.Buffers.Binary.BinaryPrimitives.ReadUInt64BigEndian(next);
        return BitOperations.IsPow2(value) && value >= (ulong)facts.PageSizeBytes && value < 1UL << 40 ? source.ReadUInt64() : null;
    }

    private RamBlockInfo ReadMappedRam(Section section, RamBlockInfo block)
    {
        long headerAt = source.Position;
        uint version = source.ReadUInt32();
        ulong pageSize = source.ReadUInt64();
        ulong bitmapOffset = source.ReadUInt64();
        ulong pagesOffset = source.ReadUInt64();
        if (version != MappedRamHeader.CurrentVersion)
            throw source.Error($"unknown mapped-ram version for block '{block.Name}'", Number(MappedRamHeader.CurrentVersion), Number(version), headerAt);
        if (pageSize != (ulong)facts.PageSizeBytes)
            throw source.Error($"mapped-ram page size of block '{block.Name}'", Number(facts.PageSizeBytes), pageSize.ToString(CultureInfo.InvariantCulture), headerAt);
        if (facts.HasIgnoreShared && bitmapOffset == 0 && pagesOffset == 0)
            return block with { BitmapOffset = 0, PagesOffset = 0, Pages = default(PageCounts) };

        ulong pages = ((block.UsedLengthBytes - 1) / pageSize) + 1;
        ulong bitmapBytes = (ulong)MappedRamHeader.BitmapBytesFor(pages);
        CheckPlace("bitmap", block.Name, bitmapOffset, (ulong)headerAt + MappedRamHeader.Bytes, headerAt);
        CheckPlace("pages", block.Name, pagesOffset, bitmapOffset + bitmapBytes, headerAt);
        if (pagesOffset % pageSize != 0)
            throw source.Error($"pages of block '{block.Name}' are not aligned", "a multiple of " + Number(facts.PageSizeBytes), Hex(pagesOffset), headerAt);
        if (source.Length is long length && block.UsedLengthBytes > (ulong)length - Math.Min((ulong)length, pagesOffset))
            throw source.Error($"pages of block '{block.Name}' reach beyond the file", Hex((ulong)length), Hex(pagesOffset + block.UsedLengthBytes), headerAt);

        source.Skip((long)bitmapOffset - source.Position);
        PageCounts counts = ReadBitmap(section, block, (long)pages, (long)pagesOffset);
        source.Skip((long)(pagesOffset + block.UsedLengthBytes) - source.Position);
        return block with { BitmapOffset = (long)bitmapOffset, PagesOffset = (long)pagesOffset, Pages = counts };
    }

    private void CheckPlace(string what, string block, ulong offset, ulong lowest, long at)
    {
        // Half the range of a file offset is beyond any file and leaves room for sums.
        if (offset < lowest || offset > long.MaxValue / 2)
            throw source.Error($"{what} offset of block '{block}' out of range", "at least " + Hex(lowest), Hex(offset), at);
    }

    private PageCounts ReadBitmap(Section section, RamBlockInfo block, long pages, long pagesOffset)
    {
        long at = source.Position;
        long normal = 0;
        for (long first = 0; first < pages; first += 64)
        {
            ulong word = System.Buffers.Binary.BinaryPrimitives.ReadUInt64LittleEndian(source.Take(WordBytes));
            long left = pages - first;
            if (left < 64 && word >> (int)left != 0)
                throw source.Error($"bitmap of block '{block.Name}' has pages outside the block", Number(pages) + " pages", null, at);
            normal += BitOperations.PopCount(word);
            if (section.Runs is null)
                continue;
            for (ulong rest = word; rest != 0; rest &= rest - 1)
            {
                ulong offset = (ulong)(first + BitOperations.TrailingZeroCount(rest)) * (ulong)facts.PageSizeBytes;
                section.AddRun(block.Name, PageKind.Normal, offset, pagesOffset + (long)offset, facts.PageSizeBytes, budget);
            }
        }

        var counts = new PageCounts(normal, pages - normal, 0, 0);
        section.Counts += counts;
        return counts;
    }

    /// <summary>What one section adds up to.</summary>
    private sealed class Section(List<StreamPageRun>? runs)
    {
        public PageCounts Counts { get; set; }

        public List<StreamPageRun>? Runs => runs;

        public void Add(string block, PageKind kind, ulong offset, long streamOffset, int pageSize, InspectBudget budget)
        {
            Counts = Counts.Add(kind, 1);
            if (runs is not null)
                AddRun(block, kind, offset, streamOffset, pageSize, budget);
        }

        public void AddRun(string block, PageKind kind, ulong offset, long streamOffset, int pageSize, InspectBudget budget)
        {
            if (runs is [.., StreamPageRun last]
                && last.Kind == kind
                && last.BlockOffset + ((ulong)last.Count * (ulong)pageSize) == offset
                && last.Block.Equals(block, StringComparison.Ordinal))
            {
                runs[^1] = last with { Count = last.Count + 1 };
            }
            else if (budget.TakeRun())
            {
                runs!.Add(new StreamPageRun(block, kind, offset, 1, streamOffset));
            }
        }
    }
}
