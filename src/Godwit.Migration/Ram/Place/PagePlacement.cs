using System.Collections.Immutable;
using Godwit.Memory;
using Godwit.Native;
using Godwit.Wire;

namespace Godwit.Migration;

/// <summary>Puts received pages into guest RAM and remembers which ones came (docs/formats/ram.md, "Loading").</summary>
/// <remarks>
/// One thread per channel; different threads may place different pages of one machine. The guest does not run yet.
/// A page's bytes are stored before its received bit is set, so that whoever sees the bit sees the bytes.
/// </remarks>
public sealed class PagePlacement
{
    private readonly Dictionary<RamBlock, ReceivedBitmap> _received;

    /// <summary>Nothing has been received.</summary>
    /// <param name="blocks">The blocks that pages may be placed into; at their final length.</param>
    public PagePlacement(ImmutableArray<RamBlock> blocks)
    {
        // By the allocated length: a resizable block takes its final length only when the block list is read.
        _received = blocks.ToDictionary(block => block, block => new ReceivedBitmap(block.MaxLengthBytes >> TargetPage.Bits));
    }

    /// <summary>Which pages of <paramref name="block"/> have come.</summary>
    public ReceivedBitmap ReceivedOf(RamBlock block) => _received[block];

    /// <summary>Makes a page all zero.</summary>
    public void PlaceZero(RamBlock block, RamOffset offset)
    {
        Span<byte> page = PageOf(block, offset);
        // Testing first keeps memory that was never touched untouched by writes.
        if (!ZeroPage.IsZero(page))
            page.Clear();
        _received[block].TrySet(offset.Page);
    }

    /// <summary>Reads a page from the stream into its place.</summary>
    public void PlacePage(MigrationReader reader, RamBlock block, RamOffset offset)
    {
        ArgumentNullException.ThrowIfNull(reader);
        ArgumentNullException.ThrowIfNull(block);
        reader.ReadExactly(block.GetHostRange(offset, TargetPage.SizeBytes));
        _received[block].TrySet(offset.Page);
    }

    /// <summary>Applies a difference to a page.</summary>
    /// <param name="block">The block.</param>
    /// <param name="offset">Where the page starts in it.</param>
    /// <param name="encoding">The XBZRLE encoding.</param>
    /// <param name="failedAt">Index in the encoding of the run that was refused.</param>
    public XbzrleDecodeStatus PlaceDifference(RamBlock block, RamOffset offset, ReadOnlySpan<byte> encoding, out int failedAt)
    {
        XbzrleDecodeStatus status = XbzrleDecoder.Decode(encoding, PageOf(block, offset), out failedAt);
        _received[block].TrySet(offset.Page);
        return status;
    }

    /// <summary>Inflates a page into its place.</summary>
    /// <returns>Why the data was refused, or null.</returns>
    public string? PlaceCompressed(RamBlock block, RamOffset offset, byte[] buffer, int length)
    {
        CompressedPage.TryInflate(buffer, length, PageOf(block, offset), out string? reason);
        _received[block].TrySet(offset.Page);
        return reason;
    }

    private static Span<byte> PageOf(RamBlock block, RamOffset offset)
    {
        ArgumentNullException.ThrowIfNull(block);
        HostRange page = block.GetHostRange(offset, TargetPage.SizeBytes);
        return page.AsSpan();
    }
}
