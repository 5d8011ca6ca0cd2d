using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Godwit.Memory;

/// <summary>The inner loops over dirty bitmaps: a vector form and a scalar twin of each.</summary>
/// <remarks>
/// Other threads OR bits into the shared words meanwhile. A word that is all ones can be written and taken with plain stores: nothing a
/// racing thread adds is lost, because it is in the ones already. Every other word needs a read-modify-write. The callers put
/// a full fence before a merge and after a drain, which orders the plain stores against the pages themselves. A vector load or store may
/// be split by the CPU, but never inside an aligned 64-bit lane.
/// </remarks>
internal static class DirtyKernels
{
    private const int Lanes = LineScanner.Lanes;
    private const int BitsPerLine = Lanes * 64;

    /// <summary>ORs the source into up to three bitmaps (an empty span: not that one); returns the number of bits in the source.</summary>
    internal static long MergeVector(ReadOnlySpan<ulong> source, Span<ulong> first, Span<ulong> second, Span<ulong> third)
    {
        var work = new MergeWork(source, first, second, third);
        var done = LineScanner.Scan(source, ref work);
        return work.Count + MergeScalar(source[done..], Rest(first, done), Rest(second, done), Rest(third, done));
    }

    /// <summary>Scalar twin of <see cref="MergeVector"/>.</summary>
    internal static long MergeScalar(ReadOnlySpan<ulong> source, Span<ulong> first, Span<ulong> second, Span<ulong> third)
    {
        long count = 0;
        for (var i = 0; i < source.Length; i++)
        {
            if (source[i] != 0)
                count += MergeWord(source[i], i, first, second, third);
        }
        return count;
    }

    /// <summary>Takes all bits out of the source, ORs them into the caller's own bitmap and returns how many were new there.</summary>
    internal static long DrainVector(Span<ulong> source, Span<ulong> into)
    {
        if (into.Length < source.Length)
            throw new ArgumentException("The target is shorter than the source.", nameof(into));
        var work = new DrainWork(source, into);
        var done = LineScanner.Scan(source, ref work);
        return work.Fresh + DrainScalar(source[done..], into[done..]);
    }

    /// <summary>Scalar twin of <see cref="DrainVector"/>.</summary>
    internal static long DrainScalar(Span<ulong> source, Span<ulong> into)
    {
        long fresh = 0;
        for (var i = 0; i < source.Length; i++)
            fresh += DrainWord(ref source[i], ref into[i]);
        return fresh;
    }

    /// <summary>Adds bits to a shared word, without a write when they are all there.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Or(ref ulong word, ulong bits)
    {
        if (bits == ulong.MaxValue)
            Volatile.Write(ref word, bits);
        else if ((bits & ~Volatile.Read(ref word)) != 0)
            Interlocked.Or(ref word, bits);
    }

    /// <summary>Takes all bits out of a shared word, without a write when there are none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static ulong Take(ref ulong word)
    {
        var seen = Volatile.Read(ref word);
        if (seen == 0)
            return 0;
        if (seen == ulong.MaxValue)
        {
            Volatile.Write(ref word, 0);
            return seen;
        }
        return Interlocked.Exchange(ref word, 0);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static long MergeWord(ulong bits, int index, Span<ulong> first, Span<ulong> second, Span<ulong> third)
    {
        if (!first.IsEmpty)
            Or(ref first[index], bits);
        if (!second.IsEmpty)
            Or(ref second[index], bits);
        if (!third.IsEmpty)
            Or(ref third[index], bits);
        return BitOperations.PopCount(bits);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static long DrainWord(ref ulong shared, ref ulong own)
    {
        var bits = Take(ref shared);
        var added = bits & ~own;
        if (added == 0)
            return 0;
        own |= bits;
        return BitOperations.PopCount(added);
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

    private static long SetOnes(ref ulong own)
    {
        var old = Vector512.LoadUnsafe(ref own);
        if (old == Vector512<ulong>.AllBitsSet)
            return 0;
        Vector512<ulong>.AllBitsSet.StoreUnsafe(ref own);
        if (old == Vector512<ulong>.Zero)
            return BitsPerLine;
        long fresh = BitsPerLine;
        for (var lane = 0; lane < Lanes; lane++)
            fresh -= BitOperations.PopCount(old[lane]);
        return fresh;
    }

    // One bit for each of the eight words that is not zero.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong NonZero(Vector512<ulong> line) => ~Vector512.Equals(line, Vector512<ulong>.Zero).ExtractMostSignificantBits() & ((1UL << Lanes) - 1);

    private static Span<ulong> Rest(Span<ulong> words, int index) => words.IsEmpty ? words : words[index..];

    private ref struct MergeWork(ReadOnlySpan<ulong> source, Span<ulong> first, Span<ulong> second, Span<ulong> third) : LineScanner.IWork
    {
        private readonly ReadOnlySpan<ulong> _source = source;
        private readonly Span<ulong> _first = first;
        private readonly Span<ulong> _second = second;
        private readonly Span<ulong> _third = third;

        internal long Count { get; private set; }

        public readonly void Prefetch(int index)
        {
            LineScanner.Prefetch(_first, index);
            LineScanner.Prefetch(_second, index);
            LineScanner.Prefetch(_third, index);
        }

        public void ProcessFull(int index)
        {
            StoreOnes(_first, index);
            StoreOnes(_second, index);
            StoreOnes(_third, index);
            Count += BitsPerLine;
        }

        public void Process(int index)
        {
            var line = Vector512.Create(_source.Slice(index, Lanes));
            for (var words = NonZero(line); words != 0; words &= words - 1)
            {
                var word = index + BitOperations.TrailingZeroCount(words);
                Count += MergeWord(_source[word], word, _first, _second, _third);
            }
        }
    }

    private ref struct DrainWork(Span<ulong> source, Span<ulong> into) : LineScanner.IWork
    {
        private readonly Span<ulong> _source = source;
        private readonly Span<ulong> _into = into;

        internal long Fresh { get; private set; }

        public readonly void Prefetch(int index)
        {
            LineScanner.Prefetch(_source, index);
            LineScanner.Prefetch(_into, index);
        }

        public void ProcessFull(int index)
        {
            Vector512<ulong>.Zero.StoreUnsafe(ref MemoryMarshal.GetReference(_source.Slice(index, Lanes)));
            Fresh += SetOnes(ref MemoryMarshal.GetReference(_into.Slice(index, Lanes)));
        }

        public void Process(int index)
        {
            ref var shared = ref MemoryMarshal.GetReference(_source.Slice(index, Lanes));
            ref var own = ref MemoryMarshal.GetReference(_into.Slice(index, Lanes));
            var line = Vector512.LoadUnsafe(ref shared);
            for (var words = NonZero(line); words != 0; words &= words - 1)
            {
                var word = BitOperations.TrailingZeroCount(words);
                Fresh += DrainWord(ref Unsafe.Add(ref shared, word), ref Unsafe.Add(ref own, word));
            }
        }
    }
}
