using Godwit.Memory;
using Godwit.Wire;

namespace Godwit.Migration;

/// <summary>Decides for each page whether it goes as a difference, and keeps the cache (docs/formats/ram.md, "XBZRLE").</summary>
/// <remarks>
/// Used by the migration thread alone. A page is copied out of guest memory once, and everything that is sent or remembered
/// comes from the copy: the guest may be writing to it.
/// </remarks>
public sealed class XbzrleSender : IDisposable
{
    private readonly byte[] _current = new byte[XbzrleFormat.PageBytes];
    private readonly byte[] _encoded = new byte[XbzrleFormat.PageBytes];
    private XbzrleCache _cache;

    /// <summary>Starts with an empty cache.</summary>
    /// <param name="cacheSizeBytes">A power-of-two number of pages.</param>
    /// <param name="statistics">Where the outcomes are counted.</param>
    public XbzrleSender(long cacheSizeBytes, XbzrleStatistics statistics)
    {
        ArgumentNullException.ThrowIfNull(statistics);
        Statistics = statistics;
        _cache = new XbzrleCache(cacheSizeBytes);
    }

    /// <summary>Where the outcomes are counted.</summary>
    public XbzrleStatistics Statistics { get; }

    /// <summary>Gives the cache another size; what it held is forgotten.</summary>
    public void Resize(long cacheSizeBytes)
    {
        if (cacheSizeBytes == _cache.SizeBytes)
            return;
        var resized = new XbzrleCache(cacheSizeBytes);
        _cache.Dispose();
        _cache = resized;
    }

    /// <summary>Remembers that a page was sent as zeros, so that nothing older is taken for what the peer has.</summary>
    public void RememberZero(RamAddress address, long generation, bool lastStage)
    {
        if (!lastStage && _cache.TryInsert(address, generation, out Span<byte> cached))
            cached.Clear();
    }

    /// <summary>Sends a page unless it cannot be cached.</summary>
    /// <param name="encoder">Where to.</param>
    /// <param name="writer">The encoder's writer, for its position.</param>
    /// <param name="block">The block.</param>
    /// <param name="offset">Where the page starts in it.</param>
    /// <param name="page">The page's memory, which a guest may be writing to.</param>
    /// <param name="generation">The dirty sync count.</param>
    /// <param name="lastStage">The guest is stopped for good: the cache is left alone.</param>
    public XbzrlePageOutcome Send(
        RamRecordEncoder encoder, MigrationWriter writer, RamBlock block, RamOffset offset, ReadOnlySpan<byte> page, long generation, bool lastStage)
    {
        RamAddress address = block.ToRamAddress(offset);
        if (!_cache.TryGet(address, generation, out Span<byte> cached))
        {
            Statistics.CountMiss();
            if (lastStage || !_cache.TryInsert(address, generation, out cached))
                return XbzrlePageOutcome.NotCached;
            page.CopyTo(cached);
            encoder.WritePageCopy(block, offset, cached);
            return XbzrlePageOutcome.Full;
        }

        page.CopyTo(_current);
        int length = XbzrleEncoder.Encode(cached, _current, _encoded);
        if (length == XbzrleFormat.Unchanged)
        {
            Statistics.CountUnchanged();
            return XbzrlePageOutcome.Unchanged;
        }

        if (!lastStage)
            _current.CopyTo(cached);
        if (length == XbzrleFormat.Overflow)
        {
            Statistics.CountOverflow();
            encoder.WritePageCopy(block, offset, _current);
            return XbzrlePageOutcome.Full;
        }

        long before = writer.Position;
        encoder.WriteXbzrle(block, offset, _encoded.AsSpan(0, length));
        Statistics.CountRecord(writer.Position - before - RamRecord.HeaderBytes);
        return XbzrlePageOutcome.Difference;
    }

    /// <summary>Gives the cache's memory back.</summary>
    public void Dispose() => _cache.Dispose();
}
