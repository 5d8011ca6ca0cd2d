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
    private const int Lanes = 8;
    private const int Step = 4 * Lanes;

    /// <summary>ORs the source into up to three bitmaps (an empty span: not that one); returns the number of bits in the source.</summary>
    internal static long MergeVector(ReadOnlySpan<ulong> source, Span<ulong> first, Span<ulong> second, Span<ulong> third)
    {
        ref var from = ref MemoryMarshal.GetReference(source);
        var steps = source.Length / Step * Step;
        long count = 0;
        var i = 0;
        for (; i < steps; i += Step)
        {
            var any = Vector512.LoadUnsafe(ref from, (nuint)i) | Vector512.LoadUnsafe(ref from, (nuint)(i + Lanes))
                | Vector512.LoadUnsafe(ref from, (nuint)(i + (2 * Lanes))) | Vector512.LoadUnsafe(ref from, (nuint)(i + (3 * Lanes)));
            if (any == Vector512<ulong>.Zero)
                continue;
            for (var j = i; j < i + Step; j += Lanes)
            {
                var bits = Vector512.LoadUnsafe(ref from, (nuint)j);
                if (bits == Vector512<ulong>.Zero)
                    continue;
                if (bits == Vector512<ulong>.AllBitsSet)
                {
                    count += Lanes * 64;
                    StoreOnes(first, j);
                    StoreOnes(second, j);
                    StoreOnes(third, j);
                }
                else
                {
                    count += MergeScalar(source.Slice(j, Lanes), Part(first, j), Part(second, j), Part(third, j));
                }
            }
        }
        return i == source.Length ? count : count + MergeScalar(source[i..], Rest(first, i), Rest(second, i), Rest(third, i));
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
        ref var from = ref MemoryMarshal.GetReference(source);
        ref var to = ref MemoryMarshal.GetReference(into);
        var steps = source.Length / Step * Step;
        long fresh = 0;
        var i = 0;
        for (; i < steps; i += Step)
        {
            var any = Vector512.LoadUnsafe(ref from, (nuint)i) | Vector512.LoadUnsafe(ref from, (nuint)(i + Lanes))
                | Vector512.LoadUnsafe(ref from, (nuint)(i + (2 * Lanes))) | Vector512.LoadUnsafe(ref from, (nuint)(i + (3 * Lanes)));
            if (any == Vector512<ulong>.Zero)
                continue;
            for (var j = i; j < i + Step; j += Lanes)
            {
                var bits = Vector512.LoadUnsafe(ref from, (nuint)j);
                if (bits == Vector512<ulong>.Zero)
                    continue;
                if (bits == Vector512<ulong>.AllBitsSet)
                {
                    Vector512<ulong>.Zero.StoreUnsafe(ref from, (nuint)j);
                    fresh += SetOnes(ref to, j);
                }
                else
                {
                    fresh += DrainScalar(source.Slice(j, Lanes), into.Slice(j, Lanes));
                }
            }
        }
        return i == source.Length ? fresh : fresh + DrainScalar(source[i..], into[i..]);
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

    private static void StoreOnes(Span<ulong> shared, int index)
    {
        if (shared.IsEmpty)
            return;
        ref var word = ref shared.Slice(index, Lanes)[0];
        // Bits that are there already (a display that is not drawn keeps its bits for ever) are not written again: no cache line gets dirty.
        if (Vector512.LoadUnsafe(ref word) != Vector512<ulong>.AllBitsSet)
            Vector512<ulong>.AllBitsSet.StoreUnsafe(ref word);
    }

    private static long SetOnes(ref ulong own, int index)
    {
        var old = Vector512.LoadUnsafe(ref own, (nuint)index);
        if (old == Vector512<ulong>.AllBitsSet)
            return 0;
        Vector512<ulong>.AllBitsSet.StoreUnsafe(ref own, (nuint)index);
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
