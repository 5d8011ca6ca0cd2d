using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Godwit.Memory;

/// <summary>Takes the bits of lines of shared words, ORs them into a copier's own words and counts those that are new there.</summary>
[StructLayout(LayoutKind.Auto)]
internal ref struct LineDrain(Span<ulong> shared, Span<ulong> own) : LineQueue.IWork
{
    private const int Lanes = DirtyKernels.Lanes;

    private readonly Span<ulong> _shared = shared;
    private readonly Span<ulong> _own = own;

    /// <summary>Bits that were new.</summary>
    internal long Fresh { get; private set; }

    public readonly void Prefetch(int index)
    {
        LineQueue.Prefetch(_shared, index);
        LineQueue.Prefetch(_own, index);
    }

    public void Process(int index)
    {
        ref var from = ref MemoryMarshal.GetReference(_shared.Slice(index, Lanes));
        ref var to = ref MemoryMarshal.GetReference(_own.Slice(index, Lanes));
        var line = Vector512.LoadUnsafe(ref from);
        if (line == Vector512<ulong>.AllBitsSet)
        {
            Vector512<ulong>.Zero.StoreUnsafe(ref from);
            Fresh += SetOnes(ref to);
            return;
        }
        for (var words = DirtyKernels.NonZero(line); words != 0; words &= words - 1)
        {
            var word = BitOperations.TrailingZeroCount(words);
            Fresh += DirtyKernels.DrainWord(ref Unsafe.Add(ref from, word), ref Unsafe.Add(ref to, word));
        }
    }

    private static long SetOnes(ref ulong own)
    {
        var old = Vector512.LoadUnsafe(ref own);
        if (old == Vector512<ulong>.AllBitsSet)
            return 0;
        Vector512<ulong>.AllBitsSet.StoreUnsafe(ref own);
        long fresh = Lanes * TargetPage.PerWord;
        if (old != Vector512<ulong>.Zero)
        {
            for (var lane = 0; lane < Lanes; lane++)
                fresh -= BitOperations.PopCount(old[lane]);
        }
        return fresh;
    }
}
