using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Godwit.Memory;

/// <summary>Finds the cache lines of a bitmap that are not all zero and has them worked off.</summary>
/// <remarks>
/// Found lines are queued, except for runs of full ones. The queue is worked off with the cache asked some lines ahead, because the atomic
/// operations wait for one another and would meet one cache miss after another.
/// </remarks>
internal static class LineScanner
{
    /// <summary>64-bit words in a line of 64 bytes.</summary>
    internal const int Lanes = 8;

    private const int Step = 4 * Lanes;
    private const int QueueLength = 64;
    private const int Ahead = 16;

    /// <summary>What is done with a line.</summary>
    internal interface IWork
    {
        /// <summary>The line at <paramref name="index"/> will be worked off soon.</summary>
        void Prefetch(int index);

        /// <summary>Works off the eight words at <paramref name="index"/>, which were all ones.</summary>
        void ProcessFull(int index);

        /// <summary>Works off the eight words at <paramref name="index"/>, of which at least one was not zero.</summary>
        void Process(int index);
    }

    /// <summary>Scans as many whole steps as there are and returns the number of words scanned.</summary>
    internal static int Scan<TWork>(ReadOnlySpan<ulong> source, ref TWork work)
        where TWork : struct, IWork, allows ref struct
    {
        ref var from = ref MemoryMarshal.GetReference(source);
        Span<int> queue = stackalloc int[QueueLength + (Step / Lanes)];
        var scanned = source.Length / Step * Step;
        var queued = 0;
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
                    work.ProcessFull(line);
                continue;
            }
            // A line that turns out to be zero is overwritten by the next one; there is always room for one step.
            for (var line = i; line < i + Step; line += Lanes)
            {
                queue[queued] = line;
                queued += Vector512.LoadUnsafe(ref from, (nuint)line) == Vector512<ulong>.Zero ? 0 : 1;
            }
            if (queued >= QueueLength)
            {
                WorkOff(queue[..queued], ref work);
                queued = 0;
            }
        }
        WorkOff(queue[..queued], ref work);
        return scanned;
    }

    /// <summary>Asks the cache for the line of a word.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static unsafe void Prefetch(ReadOnlySpan<ulong> words, int index)
    {
        if (Sse.IsSupported && !words.IsEmpty)
        {
            // SAFETY: a prefetch reads nothing, so the address may be stale should the array be moved.
            Sse.Prefetch0(Unsafe.AsPointer(ref Unsafe.AsRef(in words[index])));
        }
    }

    private static void WorkOff<TWork>(scoped ReadOnlySpan<int> queue, ref TWork work)
        where TWork : struct, IWork, allows ref struct
    {
        for (var i = 0; i < Math.Min(Ahead, queue.Length); i++)
            work.Prefetch(queue[i]);
        for (var i = 0; i < queue.Length; i++)
        {
            if (i + Ahead < queue.Length)
                work.Prefetch(queue[i + Ahead]);
            work.Process(queue[i]);
        }
    }
}
