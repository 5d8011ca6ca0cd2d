namespace Godwit.Accel;

/// <summary>The bitmaps of one slot while its logging is on.</summary>
internal sealed class SlotLog
{
    // A live bit: written since the last harvest. A protected bit: the next store must be noted. Both change only by interlocked
    // operations; a bit past the slot's last page may be protected but is never live.
    private readonly ulong[] _live;
    private readonly ulong[] _protected;

    internal SlotLog(ulong pageCount, int wordCount, bool initiallySet)
    {
        _live = new ulong[wordCount];
        _protected = new ulong[wordCount];
        if (!initiallySet)
        {
            _protected.AsSpan().Fill(ulong.MaxValue);
            return;
        }

        _live.AsSpan().Fill(ulong.MaxValue);
        if ((pageCount & 63) != 0)
            _live[^1] = (1UL << (int)(pageCount & 63)) - 1;
    }

    /// <summary>Logs a store that is about to be done.</summary>
    /// <returns>Whether the page was protected until this call; of several CPUs one gets this answer.</returns>
    internal bool NoteWrite(ulong page)
    {
        ulong bit = 1UL << (int)(page & 63);
        if ((Volatile.Read(ref _protected[page >> 6]) & bit) == 0)
            return false;

        // A harvest between the two operations reports the page next time; the CPU's store comes after both and before its next safe
        // point, so whoever sees the bit and waits for the barrier reads the stored data.
        bool isFirst = (Interlocked.And(ref _protected[page >> 6], ~bit) & bit) != 0;
        Interlocked.Or(ref _live[page >> 6], bit);
        return isFirst;
    }

    /// <summary>Takes all live bits and protects their pages. Valid for reading pages only after the barrier.</summary>
    /// <returns>Whether anything was protected.</returns>
    internal bool TakeAndProtect(Span<ulong> bitmap)
    {
        bool any = false;
        for (int i = 0; i < _live.Length; i++)
        {
            ulong word = Volatile.Read(ref _live[i]);
            if (word != 0)
            {
                word = Interlocked.Exchange(ref _live[i], 0);
                Interlocked.Or(ref _protected[i], word);
                any = true;
            }

            bitmap[i] = word;
        }

        return any;
    }

    internal void Copy(Span<ulong> bitmap)
    {
        for (int i = 0; i < _live.Length; i++)
            bitmap[i] = Volatile.Read(ref _live[i]);
    }

    /// <summary>Clears and protects the pages named by a bitmap.</summary>
    /// <returns>Whether anything was protected.</returns>
    internal bool ClearAndProtect(int firstWord, ReadOnlySpan<ulong> bitmap)
    {
        bool any = false;
        for (int i = 0; i < bitmap.Length; i++)
        {
            if (bitmap[i] == 0)
                continue;
            ulong hit = Interlocked.And(ref _live[firstWord + i], ~bitmap[i]) & bitmap[i];
            if (hit == 0)
                continue;
            Interlocked.Or(ref _protected[firstWord + i], hit);
            any = true;
        }

        return any;
    }
}
