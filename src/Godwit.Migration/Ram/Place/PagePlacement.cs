using System.Collections.Immutable;
using Godwit.Memory;
using Godwit.Wire;

namespace Godwit.Migration;

/// <summary>Puts the pages that come over one channel into guest RAM and remembers which ones came (docs/formats/ram.md, "Loading").</summary>
/// <remarks>
/// Used by one thread. Placements of several channels share the received bitmaps; a page comes over one channel at a time. The
/// guest does not run yet. A page's bytes are stored before its received bit is set, so that whoever sees the bit sees the bytes.
/// </remarks>
public sealed class PagePlacement : IDisposable
{
    /// <summary>After finding touched memory, how far to go before asking again.</summary>
    private const ulong AskAgainBytes = 2UL << 20;

    private readonly Dictionary<RamBlock, Place> _places;
    private readonly PageRunReader _runs = new();
    private Place? _last;

    /// <summary>Nothing has been received.</summary>
    /// <param name="blocks">The blocks that pages may be placed into.</param>
    public PagePlacement(ImmutableArray<RamBlock> blocks)
    {
        // By the allocated length: a resizable block takes its final length only when the block list is read.
        _places = blocks.ToDictionary(block => block, block => new Place(block, new ReceivedBitmap(block.MaxLengthBytes >> TargetPage.Bits)));
    }

    private PagePlacement(PagePlacement other) =>
        _places = other._places.ToDictionary(pair => pair.Key, pair => new Place(pair.Key, pair.Value.Received));

    /// <summary>A placement for another thread, with the same received bitmaps.</summary>
    public PagePlacement Share() => new(this);

    /// <summary>Which pages of <paramref name="block"/> have come.</summary>
    public ReceivedBitmap ReceivedOf(RamBlock block) => _places[block].Received;

    /// <summary>Makes a page all zero.</summary>
    public void PlaceZero(RamBlock block, RamOffset offset)
    {
        Place place = PlaceOf(block);
        // What was never touched is zero, and looking at it would give it memory. What was touched is tested before it is cleared: a
        // page that only reads touch can still be shared.
        if (place.Received.IsReceived(offset.Page) || !place.IsUntouched(offset.Value))
        {
            Span<byte> page = block.GetSpan(offset, TargetPage.SizeBytes);
            if (!ZeroPage.IsZero(page))
                page.Clear();
        }

        place.Received.TrySet(offset.Page);
    }

    /// <summary>A page's bytes are in their place.</summary>
    public void MarkReceived(RamBlock block, RamOffset offset) => PlaceOf(block).Received.TrySet(offset.Page);

    /// <summary>The bytes of neighbouring pages are in their places, or are being put there before anybody looks.</summary>
    public void MarkReceived(RamBlock block, PageIndex first, int count) => PlaceOf(block).Received.SetRange(first, (ulong)count);

    /// <summary>Reads a page from the stream into its place, and perhaps the whole records of some of its neighbours.</summary>
    /// <param name="reader">Behind the first word of the page's record.</param>
    /// <param name="block">The block; the next record may take it over by CONTINUE.</param>
    /// <param name="offset">Where the page starts in it.</param>
    public void PlacePage(MigrationReader reader, RamBlock block, RamOffset offset)
    {
        ArgumentNullException.ThrowIfNull(reader);
        Place place = PlaceOf(block);
        if (_runs.TryRead(reader, block, offset.Page, place.Received, place.IsZero))
            return;
        reader.ReadExactly(block.GetHostRange(offset, TargetPage.SizeBytes));
        place.Received.TrySet(offset.Page);
    }

    /// <summary>Applies a difference to a page.</summary>
    /// <param name="block">The block.</param>
    /// <param name="offset">Where the page starts in it.</param>
    /// <param name="encoding">The XBZRLE encoding.</param>
    /// <param name="failedAt">Index in the encoding of the run that was refused.</param>
    public XbzrleDecodeStatus PlaceDifference(RamBlock block, RamOffset offset, ReadOnlySpan<byte> encoding, out int failedAt)
    {
        Place place = PlaceOf(block);
        XbzrleDecodeStatus status = XbzrleDecoder.Decode(encoding, block.GetSpan(offset, TargetPage.SizeBytes), out failedAt);
        place.Received.TrySet(offset.Page);
        return status;
    }

    /// <summary>Inflates a page into its place.</summary>
    /// <returns>Why the data was refused, or null.</returns>
    public string? PlaceCompressed(RamBlock block, RamOffset offset, byte[] buffer, int length)
    {
        Place place = PlaceOf(block);
        CompressedPage.TryInflate(buffer, length, block.GetSpan(offset, TargetPage.SizeBytes), out string? reason);
        place.Received.TrySet(offset.Page);
        return reason;
    }

    /// <inheritdoc/>
    public void Dispose() => _runs.Dispose();

    private Place PlaceOf(RamBlock block)
    {
        ArgumentNullException.ThrowIfNull(block);
        if (!ReferenceEquals(block, _last?.Block))
            _last = _places[block];
        return _last!;
    }

    /// <summary>One block, and what is known of its untouched memory.</summary>
    private sealed class Place(RamBlock block, ReceivedBitmap received)
    {
        private ulong _untouchedFrom;
        private ulong _untouchedTo;
        private ulong _askFrom;
        private Predicate<RamOffset>? _isZero;

        public RamBlock Block { get; } = block;

        public ReceivedBitmap Received { get; } = received;

        /// <summary>Whether a page that has not come yet is all zero; memory that was never touched is not looked at.</summary>
        public Predicate<RamOffset> IsZero => _isZero ??= offset =>
            IsUntouched(offset.Value) || ZeroPage.IsZero(Block.GetSpan(offset, TargetPage.SizeBytes));

        /// <summary>Whether a page that has not come yet was never touched; "no" when asking would cost too much.</summary>
        public bool IsUntouched(ulong offset)
        {
            if (offset >= _untouchedFrom && offset < _untouchedTo)
                return true;
            if (offset < _askFrom && offset + AskAgainBytes > _askFrom)
                return false;
            _untouchedFrom = offset;
            _untouchedTo = (ulong)Block.Mapping.FindTouched((long)offset);
            if (_untouchedTo > offset)
                return true;
            _askFrom = offset + AskAgainBytes;
            return false;
        }
    }
}
