using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace Godwit.Memory;

/// <summary>Lines of eight words that wait to be worked off, with the cache asked for them some lines ahead.</summary>
/// <remarks>The atomic operations on a line wait for one another and would meet one cache miss after another.</remarks>
[StructLayout(LayoutKind.Auto)]
internal ref struct LineQueue
{
    private const int Capacity = 64;
    private const int Ahead = 16;

    private Items _items;
    private int _count;

    /// <summary>What is done with a line.</summary>
    internal interface IWork
    {
        /// <summary>The eight words at <paramref name="index"/> will be worked off soon.</summary>
        void Prefetch(int index);

        /// <summary>Works off the eight words at <paramref name="index"/>.</summary>
        void Process(int index);
    }

    /// <summary>Adds the eight words at <paramref name="index"/> if they are wanted; works off what is there when there is no room.</summary>
    /// <remarks>What is not wanted is overwritten by the next one: whether a line is empty cannot be foretold, so there is no branch on it.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Add<TWork>(int index, bool isWanted, ref TWork work)
        where TWork : struct, IWork, allows ref struct
    {
        if (_count == Capacity)
            WorkOff(ref work);
        _items[_count] = index;
        _count += isWanted ? 1 : 0;
    }

    /// <summary>Works off what is there.</summary>
    internal void WorkOff<TWork>(ref TWork work)
        where TWork : struct, IWork, allows ref struct
    {
        for (var i = 0; i < Math.Min(Ahead, _count); i++)
            work.Prefetch(_items[i]);
        for (var i = 0; i < _count; i++)
        {
            if (i + Ahead < _count)
                work.Prefetch(_items[i + Ahead]);
            work.Process(_items[i]);
        }
        _count = 0;
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

    [InlineArray(Capacity)]
    private struct Items
    {
        private int _first;
    }
}
