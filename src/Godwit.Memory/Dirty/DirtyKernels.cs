using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

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
    private const int Lanes = 8;
    private const int Step = 4 * Lanes;
    private const int Batch = 64 * Lanes;

    /// <summary>ORs the source into up to three bitmaps (an empty span: not that one); returns the number of bits in the source.</summary>
    internal static long MergeVector(ReadOnlySpan<ulong> source, Span<ulong> first, Span<ulong> second, Span<ulong> third)
    {
        long count = 0;
        var batches = source.Length / Batch * Batch;
        for (var start = 0; start < batches; start += Batch)
        {
            // The lines to be changed are fetched while the rest of the batch is scanned: the atomic operations below wait for one another.
            var lines = FindNonZero(source, start, first, second, third);
            for (; lines != 0; lines &= lines - 1)
                count += MergeLine(source, start + (BitOperations.TrailingZeroCount(lines) * Lanes), first, second, third);
        }
        return batches == source.Length
            ? count
            : count + MergeScalar(source[batches..], Rest(first, batches), Rest(second, batches), Rest(third, batches));
    }

    /// <summary>Scalar twin of <see cref="MergeVector"/>.</summary>
    internal static long MergeScalar(ReadOnlySpan<ulong> source, Span<ulong> first, Span<ulong> second, Span<ulong> third)
    {
        long count = 0;
        for (var i = 0; i < source.Length; i++)
        {
            var bits = source[i];
            if (bits == 0)
                continue;
            count += BitOperations.PopCount(bits);
            if (!first.IsEmpty)
                Or(ref first[i], bits);
            if (!second.IsEmpty)
                Or(ref second[i], bits);
            if (!third.IsEmpty)
                Or(ref third[i], bits);
        }
        return count;
    }

    /// <summary>Takes all bits out of the source, ORs them into the caller's own bitmap and returns how many were new there.</summary>
    internal static long DrainVector(Span<ulong> source, Span<ulong> into)
    {
        if (into.Length < source.Length)
            throw new ArgumentException("The target is shorter than the source.", nameof(into));
        long fresh = 0;
        var batches = source.Length / Batch * Batch;
        for (var start = 0; start < batches; start += Batch)
        {
            var lines = FindNonZero(source, start, into, default, default);
            for (; lines != 0; lines &= lines - 1)
                fresh += DrainLine(source, into, start + (BitOperations.TrailingZeroCount(lines) * Lanes));
        }
        return batches == source.Length ? fresh : fresh + DrainScalar(source[batches..], into[batches..]);
    }

    /// <summary>Scalar twin of <see cref="DrainVector"/>.</summary>
    internal static long DrainScalar(Span<ulong> source, Span<ulong> into)
    {
        long fresh = 0;
        for (var i = 0; i < source.Length; i++)
        {
            var bits = Take(ref source[i]);
            if (bits == 0)
                continue;
            var old = into[i];
            var added = bits & ~old;
            if (added == 0)
                continue;
            into[i] = old | bits;
            fresh += BitOperations.PopCount(added);
        }
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

    // One bit for each line of eight words in the batch that is not all zero; asks the cache for the same lines of the targets.
    private static ulong FindNonZero(ReadOnlySpan<ulong> source, int start, ReadOnlySpan<ulong> first, ReadOnlySpan<ulong> second, ReadOnlySpan<ulong> third)
    {
        ref var from = ref MemoryMarshal.GetReference(source.Slice(start, Batch));
        ulong lines = 0;
        for (var i = 0; i < Batch; i += Step)
        {
            var a = Vector512.LoadUnsafe(ref from, (nuint)i);
            var b = Vector512.LoadUnsafe(ref from, (nuint)(i + Lanes));
            var c = Vector512.LoadUnsafe(ref from, (nuint)(i + (2 * Lanes)));
            var d = Vector512.LoadUnsafe(ref from, (nuint)(i + (3 * Lanes)));
            if ((a | b | c | d) == Vector512<ulong>.Zero)
                continue;
            var found = (a == Vector512<ulong>.Zero ? 0UL : 1) | (b == Vector512<ulong>.Zero ? 0UL : 2)
                | (c == Vector512<ulong>.Zero ? 0UL : 4) | (d == Vector512<ulong>.Zero ? 0UL : 8);
            lines |= found << (i / Lanes);
        }
        if (lines != 0)
        {
            Prefetch(first, start, lines);
            Prefetch(second, start, lines);
            Prefetch(third, start, lines);
        }
        return lines;
    }

    private static unsafe void Prefetch(ReadOnlySpan<ulong> words, int start, ulong lines)
    {
        if (!Sse.IsSupported || words.IsEmpty)
            return;
        ref var first = ref MemoryMarshal.GetReference(words.Slice(start, Batch));
        for (; lines != 0; lines &= lines - 1)
        {
            // SAFETY: the word lies in the span; a prefetch reads nothing, so it may be stale after a move of the array.
            Sse.Prefetch0(Unsafe.AsPointer(ref Unsafe.Add(ref first, BitOperations.TrailingZeroCount(lines) * Lanes)));
        }
    }

    private static long MergeLine(ReadOnlySpan<ulong> source, int index, Span<ulong> first, Span<ulong> second, Span<ulong> third)
    {
        var line = source.Slice(index, Lanes);
        if (Vector512.Create(line) != Vector512<ulong>.AllBitsSet)
            return MergeScalar(line, Part(first, index), Part(second, index), Part(third, index));
        StoreOnes(first, index);
        StoreOnes(second, index);
        StoreOnes(third, index);
        return Lanes * 64;
    }

    private static long DrainLine(Span<ulong> source, Span<ulong> into, int index)
    {
        var line = source.Slice(index, Lanes);
        ref var from = ref MemoryMarshal.GetReference(line);
        if (Vector512.LoadUnsafe(ref from) != Vector512<ulong>.AllBitsSet)
            return DrainScalar(line, into.Slice(index, Lanes));
        Vector512<ulong>.Zero.StoreUnsafe(ref from);
        return SetOnes(ref into.Slice(index, Lanes)[0]);
    }

    private static void StoreOnes(Span<ulong> shared, int index)
    {
        if (shared.IsEmpty)
            return;
        ref var word = ref shared.Slice(index, Lanes)[0];
        // Bits that are there already (a display that is not drawn keeps its bits for ever) are not written again: no cache line gets dirty.
        if (Vector512.LoadUnsafe(ref word) != Vector512<ulong>.AllBitsSet)
            Vector512<ulong>.AllBitsSet.StoreUnsafe(ref word);
    }

    private static long SetOnes(ref ulong own)
    {
        var old = Vector512.LoadUnsafe(ref own);
        if (old == Vector512<ulong>.AllBitsSet)
            return 0;
        Vector512<ulong>.AllBitsSet.StoreUnsafe(ref own);
        if (old == Vector512<ulong>.Zero)
            return Lanes * 64;
        long fresh = Lanes * 64;
        for (var lane = 0; lane < Lanes; lane++)
            fresh -= BitOperations.PopCount(old[lane]);
        return fresh;
    }

    private static Span<ulong> Part(Span<ulong> words, int index) => words.IsEmpty ? words : words.Slice(index, Lanes);

    private static Span<ulong> Rest(Span<ulong> words, int index) => words.IsEmpty ? words : words[index..];
}
