using Godwit.Memory;

namespace Godwit.Migration;

/// <summary>Splits neighbouring pages into runs of zero pages and runs of others, without touching memory that was never touched.</summary>
internal ref struct PageScan
{
    private readonly RamBlock _block;
    private readonly ulong _start;
    private readonly ReadOnlySpan<byte> _bytes;
    private readonly bool _detect;
    private int _at;
    private int _untouched;

    /// <summary>Starts at the first page.</summary>
    /// <param name="block">The block.</param>
    /// <param name="start">Where the first page starts in it.</param>
    /// <param name="pages">How many; their dirty bits were cleared.</param>
    /// <param name="detect">Whether zero pages are looked for at all.</param>
    public PageScan(RamBlock block, RamOffset start, int pages, bool detect)
    {
        _block = block;
        _start = start.Value;
        _bytes = block.GetSpan(start, pages * TargetPage.SizeBytes);
        _detect = detect;
        _untouched = detect ? Untouched(0) : -1;
    }

    /// <summary>Goes to the next run.</summary>
    /// <param name="first">The run's first page, counted from the start of the scan.</param>
    /// <param name="count">Its pages.</param>
    /// <param name="isZero">Whether they are all zero.</param>
    /// <returns>False at the end.</returns>
    public bool Next(out int first, out int count, out bool isZero)
    {
        first = _at / TargetPage.SizeBytes;
        isZero = false;
        if (_at >= _bytes.Length)
        {
            count = 0;
            return false;
        }

        isZero = IsZero(_at);
        int start = _at;
        do
        {
            _at += TargetPage.SizeBytes;
        }
        while (_at < _bytes.Length && IsZero(_at) == isZero);
        count = (_at - start) / TargetPage.SizeBytes;
        return true;
    }

    private bool IsZero(int at)
    {
        if (!_detect)
            return false;
        if (at < _untouched)
            return true;
        if (!ZeroPage.IsZero(_bytes.Slice(at, TargetPage.SizeBytes)))
            return false;
        int next = at + TargetPage.SizeBytes;
        if (next < _bytes.Length && _untouched >= 0)
        {
            // Zeros hint that the memory behind was not touched; once that is wrong the scan asks no more.
            int more = Untouched(next);
            _untouched = more == 0 ? -1 : next + more;
        }

        return true;
    }

    private readonly int Untouched(int at) =>
        (int)Math.Min(_bytes.Length - at, _block.Mapping.FindTouched((long)_start + at) - ((long)_start + at));
}
