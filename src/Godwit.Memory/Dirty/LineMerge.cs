using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Godwit.Memory;

/// <summary>ORs the words of a dirty log into up to three bitmaps (an empty span: not that one), line by line.</summary>
[StructLayout(LayoutKind.Auto)]
internal ref struct LineMerge(ReadOnlySpan<ulong> source, Span<ulong> first, Span<ulong> second, Span<ulong> third, LineMarks marks) : LineQueue.IWork
{
    private const int Lanes = DirtyKernels.Lanes;
    private const int Step = 4 * Lanes;

    private readonly ReadOnlySpan<ulong> _source = source;
    private readonly Span<ulong> _first = first;
    private readonly Span<ulong> _second = second;
    private readonly Span<ulong> _third = third;
    private readonly LineMarks _marks = marks;

    /// <summary>Bits in the source so far.</summary>
    internal long Count { get; private set; }

    /// <summary>Merges as many whole steps of the source as there are and returns the number of words merged.</summary>
    internal int Run()
    {
        ref var from = ref MemoryMarshal.GetReference(_source);
        var scanned = _source.Length / Step * Step;
        var queue = default(LineQueue);
        for (var i = 0; i < scanned; i += Step)
        {
            var (a, b, c, d) = (
                Vector512.LoadUnsafe(ref from, (nuint)i),
                Vector512.LoadUnsafe(ref from, (nuint)(i + Lanes)),
                Vector512.LoadUnsafe(ref from, (nuint)(i + (2 * Lanes))),
                Vector512.LoadUnsafe(ref from, (nuint)(i + (3 * Lanes))));
            if ((a | b | c | d) == Vector512<ulong>.Zero)
                continue;
            // Runs of full lines are worked off at once: the order does not matter, and the cache follows a stream by itself.
            if ((a & b & c & d) == Vector512<ulong>.AllBitsSet)
            {
                for (var line = i; line < i + Step; line += Lanes)
                    ProcessFull(line);
                continue;
            }
            for (var line = i; line < i + Step; line += Lanes)
                queue.Add(line, Vector512.LoadUnsafe(ref from, (nuint)line) != Vector512<ulong>.Zero, ref this);
        }
        queue.WorkOff(ref this);
        return scanned;
    }

    public readonly void Prefetch(int index)
    {
        LineQueue.Prefetch(_first, index);
        LineQueue.Prefetch(_second, index);
        LineQueue.Prefetch(_third, index);
    }

    public void Process(int index)
    {
        _marks.MarkEight(index);
        var line = Vector512.Create(_source.Slice(index, Lanes));
        for (var words = DirtyKernels.NonZero(line); words != 0; words &= words - 1)
        {
            var word = index + BitOperations.TrailingZeroCount(words);
            Count += DirtyKernels.MergeWord(_source[word], word, _first, _second, _third);
        }
    }

    private void ProcessFull(int index)
    {
        _marks.MarkEight(index);
        StoreOnes(_first, index);
        StoreOnes(_second, index);
        StoreOnes(_third, index);
        Count += Lanes * TargetPage.PerWord;
    }

    // Bits that are there already (a display that is not drawn keeps its bits for ever) are not written again: no cache line gets dirty.
    private static void StoreOnes(Span<ulong> shared, int index)
    {
        if (shared.IsEmpty)
            return;
        ref var line = ref shared.Slice(index, Lanes)[0];
        if (Vector512.LoadUnsafe(ref line) != Vector512<ulong>.AllBitsSet)
            Vector512<ulong>.AllBitsSet.StoreUnsafe(ref line);
    }
}
