using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Godwit.Memory;
using Godwit.Native;
using Godwit.Wire;

namespace Godwit.Migration;

/// <summary>The RAM part of a mapped-ram file that is being written: where each block lies, and which pages are in it (docs/formats/mapped-ram.md).</summary>
/// <remarks>Blocks are laid out by the migration thread; afterwards any thread writes pages, each page one thread at a time.</remarks>
internal sealed class MappedRamFile
{
    private readonly Dictionary<RamBlock, Area> _areas = [];

    /// <summary>Writes the header that follows the block's list entry, and goes on behind the block's pages.</summary>
    /// <param name="writer">The main channel's writer, right behind the entry.</param>
    /// <param name="block">The block.</param>
    /// <param name="isIgnored">The block is shared with the destination: it has a header and nothing else.</param>
    public void LayOut(MigrationWriter writer, RamBlock block, bool isIgnored)
    {
        Span<byte> header = stackalloc byte[MappedRamHeader.Bytes];
        if (isIgnored)
        {
            new MappedRamHeader(MappedRamHeader.CurrentVersion, TargetPage.SizeBytes, 0, 0).Write(header);
            writer.Write(header);
            return;
        }

        long bitmapOffset = writer.FilePosition + MappedRamHeader.Bytes;
        long pagesOffset = MappedRamHeader.AlignPages(bitmapOffset + MappedRamHeader.BitmapBytesFor(block.PageCount));
        new MappedRamHeader(MappedRamHeader.CurrentVersion, TargetPage.SizeBytes, (ulong)bitmapOffset, (ulong)pagesOffset).Write(header);
        writer.Write(header);
        writer.FilePosition = checked(pagesOffset + (long)block.UsedLengthBytes);
        _areas.Add(block, new Area(bitmapOffset, pagesOffset, new ulong[TargetPage.WordsFor(block.PageCount)]));
    }

    /// <summary>Writes neighbouring pages to their places. Their content may change meanwhile if they are sent again then.</summary>
    public void WritePages(Channel channel, RamBlock block, PageIndex first, int count) =>
        WritePages(channel, block, first, block.GetHostRange(first.ToRamOffset(), (long)count * TargetPage.SizeBytes));

    /// <summary>Writes neighbouring pages to their places, with the content that the caller has of them.</summary>
    public void WritePages(Channel channel, RamBlock block, PageIndex first, HostRange memory)
    {
        Area area = _areas[block];
        channel.WriteAt(area.PagesOffset + (long)first.ToRamOffset().Value, new ReadOnlySpan<HostRange>(in memory));
        PageBitmap.SetRangeAtomic(area.Bitmap, first.Value, (ulong)memory.LengthBytes >> TargetPage.Bits);
    }

    /// <summary>Remembers that pages are zero; what the file has of them does not count any more.</summary>
    public void ForgetPages(RamBlock block, PageIndex first, int count) =>
        PageBitmap.ClearRangeAtomic(_areas[block].Bitmap, first.Value, (ulong)count);

    /// <summary>Writes all bitmaps. No other thread is at work any more.</summary>
    public void WriteBitmaps(Channel channel)
    {
        foreach (Area area in _areas.Values)
        {
            // In the file the words are little-endian, whatever the host is.
            if (!BitConverter.IsLittleEndian)
                BinaryPrimitives.ReverseEndianness(area.Bitmap, area.Bitmap);
            WriteWords(channel, area);
        }
    }

    private static void WriteWords(Channel channel, Area area)
    {
        GCHandle pin = GCHandle.Alloc(area.Bitmap, GCHandleType.Pinned);
        try
        {
            var range = new HostRange(pin.AddrOfPinnedObject(), (long)area.Bitmap.Length * sizeof(ulong));
            channel.WriteAt(area.BitmapOffset, new ReadOnlySpan<HostRange>(in range));
        }
        finally
        {
            pin.Free();
        }
    }

    private sealed record Area(long BitmapOffset, long PagesOffset, ulong[] Bitmap);
}
