using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Godwit.Memory;
using Godwit.Native;
using Godwit.Wire;
using static Godwit.Wire.StreamNumber;

namespace Godwit.Migration;

/// <summary>Reads the RAM part of a mapped-ram file: headers and bitmaps on the main channel, pages there or on data channels (docs/formats/mapped-ram.md, "Reading").</summary>
internal sealed class MappedRamReader
{
    /// <summary>Longest piece that is read at once.</summary>
    private const int MaxPieceBytes = 1 << 20;

    private readonly MigrationReader _reader;
    private readonly PagePlacement _placement;
    private readonly MappedRamReadQueue? _queue;
    private readonly List<(long Start, long End, string What)> _taken = [];

    /// <summary>Reads from <paramref name="reader"/>; pages by <paramref name="queue"/> if there is one.</summary>
    public MappedRamReader(MigrationReader reader, PagePlacement placement, MappedRamReadQueue? queue)
    {
        if (!reader.Channel.IsSeekable)
            throw new MigrationFailedException($"{reader.Channel.Description}: mapped-ram needs a file");
        _reader = reader;
        _placement = placement;
        _queue = queue;
    }

    /// <summary>Reads what follows a block's list entry, and goes on behind the block's pages.</summary>
    /// <param name="block">The block, its used length set.</param>
    /// <param name="lengthBytes">The length in the file's list.</param>
    /// <param name="isIgnored">The block is shared with the source.</param>
    /// <exception cref="StreamFormatException">Header, bitmap or pages are not acceptable.</exception>
    public void ReadBlock(RamBlock block, ulong lengthBytes, bool isIgnored)
    {
        long at = _reader.FilePosition;
        long position = _reader.Position;
        Span<byte> bytes = stackalloc byte[MappedRamHeader.Bytes];
        _reader.ReadExactly(bytes);
        MappedRamHeader header = MappedRamHeader.Read(bytes);
        Check(block, header, position);
        if (isIgnored && header is { BitmapOffset: 0, PagesOffset: 0 })
            return;

        ulong pages = lengthBytes >> TargetPage.Bits;
        long bitmapBytes = MappedRamHeader.BitmapBytesFor(pages);
        long bitmapStart = Place(block, header.BitmapOffset, bitmapBytes, "bitmap", position + 12);
        long pagesStart = Place(block, header.PagesOffset, (long)lengthBytes, "pages", position + 20);
        Claim(at, at + MappedRamHeader.Bytes, "header", block, position);
        Claim(bitmapStart, bitmapStart + bitmapBytes, "bitmap", block, position + 12);
        Claim(pagesStart, pagesStart + (long)lengthBytes, "pages", block, position + 20);
        ulong[] bitmap = ReadBitmap(block, bitmapStart, pages, position + 12);
        ReadPages(block, bitmap, pages, pagesStart);
        _reader.FilePosition = pagesStart + (long)lengthBytes;
    }

    private void Check(RamBlock block, in MappedRamHeader header, long position)
    {
        if (header.Version != MappedRamHeader.CurrentVersion)
            throw Error(block, "another version", position, "1", Number(header.Version));
        if (header.PageSizeBytes != TargetPage.SizeBytes)
            throw Error(block, "another page size", position + 4, Number(TargetPage.SizeBytes), Hex(header.PageSizeBytes));
        if (header.PagesOffset % TargetPage.SizeBytes != 0)
            throw Error(block, "pages that are not aligned", position + 20, "a multiple of 0x1000", Hex(header.PagesOffset));
    }

    private long Place(RamBlock block, ulong offset, long length, string what, long position) =>
        offset <= (ulong)(long.MaxValue - length) && offset != 0
            ? (long)offset
            : throw Error(block, $"its {what} at an impossible place", position, "an offset in the file", Hex(offset));

    private void Claim(long start, long end, string what, RamBlock block, long position)
    {
        foreach ((long otherStart, long otherEnd, string other) in _taken)
        {
            if (start < otherEnd && otherStart < end)
                throw Error(block, $"its {what} where the {other} lies", position, "no overlap", Hex((ulong)start));
        }

        _taken.Add((start, end, $"{what} of block \"{block.IdString}\""));
    }

    private ulong[] ReadBitmap(RamBlock block, long offset, ulong pages, long position)
    {
        var words = new ulong[TargetPage.WordsFor(pages)];
        GCHandle pin = GCHandle.Alloc(words, GCHandleType.Pinned);
        try
        {
            var range = new HostRange(pin.AddrOfPinnedObject(), (long)words.Length * sizeof(ulong));
            if (_reader.Channel.ReadAt(offset, range) != range.LengthBytes)
                throw Error(block, "its bitmap behind the end of the file", position, "a bitmap in the file", Hex((ulong)offset));
        }
        finally
        {
            pin.Free();
        }

        if (!BitConverter.IsLittleEndian)
            BinaryPrimitives.ReverseEndianness(words, words);
        return words;
    }

    private void ReadPages(RamBlock block, ulong[] bitmap, ulong pages, long pagesStart)
    {
        for (ulong page = 0; page < pages;)
        {
            ulong first = PageBitmap.FindNextSet(bitmap, page, pages);
            for (; page < first; page++)
                _placement.PlaceZero(block, new PageIndex(page).ToRamOffset());
            if (page == pages)
                return;
            ulong end = PageBitmap.FindNextClear(bitmap, first, pages);
            while (page < end)
            {
                int count = (int)Math.Min(end - page, MaxPieceBytes / TargetPage.SizeBytes);
                var piece = new PageRun(block, new PageIndex(page), count);
                long offset = pagesStart + (long)piece.Start.Value;
                page += (ulong)count;
                if (_queue is not null)
                {
                    // Whoever reads the piece marks it: a page is received when it is in memory.
                    _queue.Add(piece, offset);
                    continue;
                }

                MappedRamReadQueue.Read(_reader.Channel, piece, offset);
                _placement.MarkReceived(block, piece.First, count);
            }
        }
    }

    private StreamFormatException Error(RamBlock block, string found, long position, string expected, string value) =>
        new($"the mapped-ram header of block \"{block.IdString}\" has {found}", position, _reader.Section, expected, value);
}
