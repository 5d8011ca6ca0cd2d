using System.Numerics;
using System.Runtime.CompilerServices;
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
    /// <summary>64-bit words in a line of 64 bytes.</summary>
    internal const int Lanes = 8;

    /// <summary>ORs the source into up to three bitmaps (an empty span: not that one); returns the number of bits in the source.</summary>
    internal static long MergeVector(ReadOnlySpan<ulong> source, Span<ulong> first, Span<ulong> second, Span<ulong> third, LineMarks marks)
    {
        var merge = new LineMerge(source, first, second, third, marks);
        var done = merge.Run();
        for (var i = done; i < source.Length; i++)
        {
            if (source[i] != 0)
                marks.Mark(i);
        }
        return merge.Count + MergeScalar(source[done..], Rest(first, done), Rest(second, done), Rest(third, done));
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
    internal static long MergeWord(ulong bits, int index, Span<ulong> first, Span<ulong> second, Span<ulong> third)
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
    internal static long DrainWord(ref ulong shared, ref ulong own)
    {
        var bits = Take(ref shared);
        var added = bits & ~own;
        if (added == 0)
            return 0;
        own |= bits;
        return BitOperations.PopCount(added);
    }

    // One bit for each of the eight words that is not zero.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static ulong NonZero(Vector512<ulong> line) => ~Vector512.Equals(line, Vector512<ulong>.Zero).ExtractMostSignificantBits() & ((1UL << Lanes) - 1);

    private static Span<ulong> Rest(Span<ulong> words, int index) => words.IsEmpty ? words : words[index..];
}
