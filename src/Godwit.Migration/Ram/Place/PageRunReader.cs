using System.Buffers.Binary;
using Godwit.Memory;
using Godwit.Native;
using Godwit.Wire;

namespace Godwit.Migration;

/// <summary>
/// Reads neighbouring pages straight into guest memory: bets that page records with consecutive offsets follow, has the channel
/// put each page in its place and each record's first word beside, and looks at the words afterwards.
/// </summary>
/// <remarks>
/// Where the bet was wrong, what came is given back to the reader and read again as what it is. Only pages that have not come
/// yet and are all zero are bet on: bytes that fell into the wrong page are taken out by clearing it, whether it is sent later
/// or never. Used by one thread.
/// </remarks>
internal sealed class PageRunReader : IDisposable
{
    /// <summary>Fewer pages than this are not worth a call of their own.</summary>
    private const int MinPages = 8;

    /// <summary>Most pages in one bet; what a wrong one gives back has to fit the reader.</summary>
    private const int MaxPages = 60;

    private const int RecordBytes = RamRecord.HeaderBytes + TargetPage.SizeBytes;

    private const int MisreadBytes = MaxPages * RecordBytes;

    // Taken with the first bet: channels that cannot scatter never bet.
    private HostMapping? _words;
    private HostRange[] _ranges = [];
    private byte[] _misread = [];

    /// <summary>Reads the page of a record whose first word was just read, and as many of its neighbours as have come.</summary>
    /// <param name="reader">Behind the first word of a PAGE record.</param>
    /// <param name="block">The record's block.</param>
    /// <param name="first">The record's page.</param>
    /// <param name="received">Which pages have come; gets those that were read.</param>
    /// <param name="isZero">Whether the page at an offset that has not come yet is all zero.</param>
    /// <returns>Whether the page was read; false if the ordinary way is better.</returns>
    public bool TryRead(MigrationReader reader, RamBlock block, PageIndex first, ReceivedBitmap received, Predicate<RamOffset> isZero)
    {
        int buffered = reader.BufferedBytes;
        if (!reader.Channel.CanScatter || buffered >= TargetPage.SizeBytes || reader.MaxUnreadBytes < MisreadBytes)
            return false;
        int pages = CountZero(block, first, received, isZero);
        if (pages < MinPages)
            return false;
        HostMapping words = TakeMemory();

        HostRange memory = block.GetHostRange(first.ToRamOffset(), (long)pages * TargetPage.SizeBytes);
        reader.ReadExactly(memory.Slice(0, buffered));
        ulong word = first.ToRamOffset().Value | (ulong)(RamRecordBits.Page | RamRecordBits.Continue);
        long done = buffered;
        int verified = 1; // pages whose record is known to be theirs
        while (done < (verified * (long)RecordBytes) - RamRecord.HeaderBytes)
        {
            done += reader.ReadScattered(Remaining(memory, words, pages, done));
            while (verified < pages && done >= (long)verified * RecordBytes)
            {
                if (WordBehind(words, verified - 1) != word + ((ulong)verified * TargetPage.SizeBytes))
                {
                    GiveBack(reader, memory, words, verified, done);
                    received.SetRange(first, (ulong)verified);
                    return true;
                }

                verified++;
            }
        }

        received.SetRange(first, (ulong)verified);
        int partOfWord = (int)(done - ((verified * (long)RecordBytes) - RamRecord.HeaderBytes));
        reader.Unread(words.GetSpan((verified - 1) * RamRecord.HeaderBytes, partOfWord));
        return true;
    }

    /// <inheritdoc/>
    public void Dispose() => _words?.Dispose();

    /// <summary>How many pages from <paramref name="first"/> on may be bet on; the first one is this record's whatever it holds.</summary>
    private static int CountZero(RamBlock block, PageIndex first, ReceivedBitmap received, Predicate<RamOffset> isZero)
    {
        ulong limit = Math.Min(block.PageCount, first.Value + MaxPages);
        ulong missing = PageBitmap.FindNextSet(received.Words, first.Value, limit);
        ulong next = first.Value + 1;
        while (next < missing && isZero(new PageIndex(next).ToRamOffset()))
            next++;
        return (int)(next - first.Value);
    }

    private HostMapping TakeMemory()
    {
        if (_words is not null)
            return _words;
        _ranges = new HostRange[2 * MaxPages];
        _misread = new byte[MisreadBytes];
        return _words = HostMapping.AllocateAnonymous((MaxPages + 1) * RamRecord.HeaderBytes);
    }

    private static ulong WordBehind(HostMapping words, int page) =>
        BinaryPrimitives.ReadUInt64BigEndian(words.GetSpan(page * RamRecord.HeaderBytes, RamRecord.HeaderBytes));

    /// <summary>The places of what is still to come: page, word, page, word, … from <paramref name="done"/> bytes on.</summary>
    private ReadOnlySpan<HostRange> Remaining(HostRange memory, HostMapping words, int pages, long done)
    {
        int count = 0;
        long skip = done % RecordBytes;
        for (long page = done / RecordBytes; page < pages; page++, skip = 0)
        {
            if (skip < TargetPage.SizeBytes)
                _ranges[count++] = memory.Slice((page * TargetPage.SizeBytes) + skip, TargetPage.SizeBytes - skip);
            long wordSkip = Math.Max(0, skip - TargetPage.SizeBytes);
            _ranges[count++] = words.GetRange((page * RamRecord.HeaderBytes) + wordSkip, RamRecord.HeaderBytes - wordSkip);
        }

        return _ranges.AsSpan(0, count);
    }

    /// <summary>Gives back everything behind the last page that was right, and clears the pages that it fell into.</summary>
    private void GiveBack(MigrationReader reader, HostRange memory, HostMapping words, int rightPages, long done)
    {
        long position = ((long)rightPages * RecordBytes) - RamRecord.HeaderBytes;
        int count = 0;
        for (int page = rightPages - 1; position < done; page++)
        {
            int wordBytes = (int)Math.Min(RamRecord.HeaderBytes, done - position);
            words.GetSpan(page * RamRecord.HeaderBytes, wordBytes).CopyTo(_misread.AsSpan(count));
            position += wordBytes;
            count += wordBytes;
            int bytes = (int)Math.Min(TargetPage.SizeBytes, done - position);
            if (bytes == 0)
                break;
            Span<byte> fallenInto = memory.Slice((page + 1L) * TargetPage.SizeBytes, TargetPage.SizeBytes).AsSpan();
            fallenInto[..bytes].CopyTo(_misread.AsSpan(count));
            fallenInto.Clear();
            position += bytes;
            count += bytes;
        }

        reader.Unread(_misread.AsSpan(0, count));
    }
}
