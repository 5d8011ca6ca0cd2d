using System.Buffers.Binary;

namespace Godwit.Machine;

/// <summary>Checks the memory of a stopped staircase guest from outside: RAM of a paused machine, or a dump of it.</summary>
public static class StaircaseVerifier
{
    private const int PageBytes = 4096;

    /// <summary>Reads guest RAM: fills the span from a byte offset in RAM (not a guest physical address), false when RAM ends before.</summary>
    public delegate bool RamReader(ulong offset, Span<byte> destination);

    /// <summary>Checks RAM given as one run of bytes.</summary>
    public static StaircaseReport Check(ReadOnlyMemory<byte> ram) => Check((offset, destination) =>
    {
        if (offset > (ulong)ram.Length || (ulong)destination.Length > (ulong)ram.Length - offset)
            return false;
        ram.Span.Slice((int)offset, destination.Length).CopyTo(destination);
        return true;
    });

    /// <summary>Checks a dump whose first byte is the first byte of guest RAM, such as <c>pmemsave</c> from 0x80000000 writes.</summary>
    public static StaircaseReport Check(Stream dump)
    {
        ArgumentNullException.ThrowIfNull(dump);
        return Check((offset, destination) =>
        {
            dump.Position = (long)offset;
            return dump.ReadAtLeast(destination, destination.Length, throwOnEndOfStream: false) == destination.Length;
        });
    }

    /// <summary>Checks RAM through <paramref name="read"/>, which is asked for pages in ascending order.</summary>
    /// <remarks>The guest must stand still meanwhile.</remarks>
    public static StaircaseReport Check(RamReader read)
    {
        ArgumentNullException.ThrowIfNull(read);
        Span<byte> parameters = stackalloc byte[72];
        Span<byte> status = stackalloc byte[48];
        if (!read(StaircaseGuest.ParametersOffset, parameters) || !read(StaircaseGuest.StatusOffset, status)
            || Word(parameters, 0) != StaircaseGuest.Magic || Word(parameters, 1) < StaircaseGuest.EntryAddress || Word(parameters, 5) > PageBytes - 8)
        {
            return new StaircaseReport { IsStaircase = false };
        }

        ulong state = Word(status, 0);
        if (state == 0)
            return new StaircaseReport { IsStaircase = true, PageCount = Word(parameters, 2) };

        var scan = new Scan(Word(parameters, 2), Word(parameters, 5));
        if (state != 1)
            scan.Violation($"the guest stopped at page {Word(status, 3)}: expected {Word(status, 4):x}, found {Word(status, 5):x}");
        scan.Walk(read, Word(parameters, 1) - StaircaseGuest.EntryAddress);
        scan.CompareStatus(Word(status, 1), Word(status, 2));
        return scan.Report();
    }

    private static ulong Word(ReadOnlySpan<byte> bytes, int index) => BinaryPrimitives.ReadUInt64LittleEndian(bytes[(8 * index)..]);

    /// <summary>One pass over the working set.</summary>
    private sealed class Scan
    {
        private readonly ulong _pageCount;
        private readonly ulong _stride;
        private readonly List<string> _violations = [];
        private ulong _violationCount;
        private ulong _first;
        private ulong _step;

        public Scan(ulong pageCount, ulong stride)
        {
            _pageCount = _step = pageCount;
            _stride = stride;
        }

        public void Violation(string text)
        {
            _violationCount++;
            if (_violations.Count < StaircaseReport.ListedViolations)
                _violations.Add(text);
        }

        public void Walk(RamReader read, ulong start)
        {
            Span<byte> page = stackalloc byte[PageBytes];
            for (ulong i = 0; i < _pageCount; i++)
            {
                if (!read(start + (i * PageBytes), page))
                {
                    Violation($"page {i} is outside RAM");
                    return;
                }

                ulong level = Word(page, 0);
                if (i == 0)
                    _first = level;
                else if (_step == _pageCount && level == unchecked(_first - 1))
                    _step = i;

                ulong expected = i < _step ? _first : _first - 1;
                if (level != expected)
                    Violation($"page {i}: round expected {expected}, found {level}");
                else
                    CheckStamps(page, i, level);
            }
        }

        /// <summary>The guest keeps its own account: the step may be one page ahead of its cursor, never behind it.</summary>
        public void CompareStatus(ulong round, ulong cursor)
        {
            ulong written = unchecked((round * _pageCount) + cursor);
            ulong found = unchecked((Round * _pageCount) + Step);
            // Round and cursor are two stores: after a round is counted the cursor still stands at its end for an instant.
            bool betweenStores = cursor == _pageCount && found == unchecked(round * _pageCount);
            if (found != written && found != unchecked(written + 1) && !betweenStores)
                Violation($"the guest's account is round {round} page {cursor}, memory says round {Round} page {Step}");
        }

        public StaircaseReport Report() => new()
        {
            IsStaircase = true,
            IsStarted = true,
            Round = Round,
            StepPage = Step,
            PageCount = _pageCount,
            ViolationCount = _violationCount,
            Violations = [.. _violations],
        };

        private ulong Round => _step == _pageCount ? _first : _first - 1;

        private ulong Step => _step == _pageCount ? 0 : _step;

        private void CheckStamps(ReadOnlySpan<byte> page, ulong index, ulong level)
        {
            if (_stride == 0)
                return;

            // The page at the step may be half done: new stamps from the end of the page down to some word, old ones below.
            bool mayBeHalf = index == (_step == _pageCount ? 0 : _step);
            bool isNew = mayBeHalf;
            ulong ordinal = 0;
            for (ulong offset = PageBytes - 8; offset > 0; offset = offset > _stride ? offset - _stride : 0, ordinal++)
            {
                ulong found = BinaryPrimitives.ReadUInt64LittleEndian(page[(int)offset..]);
                ulong expected = StaircaseGuest.StampValue(index, level, ordinal);
                if (isNew && found == StaircaseGuest.StampValue(index, level + 1, ordinal))
                    continue;
                isNew = false;
                if (found != expected)
                {
                    Violation($"page {index} offset {offset:x}: stamp of round {level} expected {expected:x}, found {found:x}");
                    return;
                }
            }
        }
    }
}
