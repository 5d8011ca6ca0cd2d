namespace Godwit.Migration;

/// <summary>What the XBZRLE cache did, as query-migrate shows it (docs/formats/ram.md, "XBZRLE").</summary>
/// <remarks>The migration thread writes, any thread reads.</remarks>
public sealed class XbzrleStatistics
{
    private long _bytes;
    private long _pages;
    private long _cacheMisses;
    private long _overflows;
    private double _cacheMissRate;
    private double _encodingRate;
    private long _bytesAtPeriod;
    private long _pagesAtPeriod;
    private long _missesAtPeriod;
    private long _handledAtPeriod;

    /// <summary>Bytes of all records without their first word, plus a page for each overflow.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>Pages found in the cache: sent as differences, unchanged, or overflowed.</summary>
    public long Pages => Volatile.Read(ref _pages);

    /// <summary>Pages not found in the cache.</summary>
    public long CacheMisses => Volatile.Read(ref _cacheMisses);

    /// <summary>Pages whose difference was longer than the page.</summary>
    public long Overflows => Volatile.Read(ref _overflows);

    /// <summary>Misses per page handled in the last period.</summary>
    public double CacheMissRate => Volatile.Read(ref _cacheMissRate);

    /// <summary>Page bytes per encoded byte in the last period; 0 if nothing was encoded.</summary>
    public double EncodingRate => Volatile.Read(ref _encodingRate);

    /// <summary>Counts a page that was not cached.</summary>
    internal void CountMiss() => Interlocked.Increment(ref _cacheMisses);

    /// <summary>Counts a cached page that did not change.</summary>
    internal void CountUnchanged() => Interlocked.Increment(ref _pages);

    /// <summary>Counts a cached page and the record sent for it.</summary>
    internal void CountRecord(long bytes)
    {
        Interlocked.Increment(ref _pages);
        Interlocked.Add(ref _bytes, bytes);
    }

    /// <summary>Counts a cached page that had to be sent in full.</summary>
    internal void CountOverflow()
    {
        Interlocked.Increment(ref _overflows);
        CountRecord(XbzrleFormat.PageBytes);
    }

    /// <summary>Ends a period and takes its rates.</summary>
    /// <param name="handledPages">Pages handled by the migration since its start.</param>
    internal void EndPeriod(long handledPages)
    {
        long handled = handledPages - _handledAtPeriod;
        long pages = Pages - _pagesAtPeriod;
        long bytes = Bytes - _bytesAtPeriod;
        Volatile.Write(ref _cacheMissRate, handled == 0 ? 0 : (double)(CacheMisses - _missesAtPeriod) / handled);
        Volatile.Write(ref _encodingRate, bytes == 0 ? 0 : (double)pages * XbzrleFormat.PageBytes / bytes);
        _handledAtPeriod = handledPages;
        _pagesAtPeriod = Pages;
        _bytesAtPeriod = Bytes;
        _missesAtPeriod = CacheMisses;
    }
}
