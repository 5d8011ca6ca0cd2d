using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Godwit.Memory;

namespace Godwit.Benchmarks.Memory;

/// <summary>A guest of 1 TiB: 32 MiB per bitmap. The memory itself is a sparse mapping that nobody touches.</summary>
internal sealed class BitmapFixture : IDisposable
{
    internal const ulong GuestBytes = 1UL << 40;
    internal const int Words = (int)(GuestBytes / TargetPage.BytesPerWord);
    private const int SparsePages = 8192;

    private readonly MemorySystem _system = new();

    internal BitmapFixture(DirtyPattern pattern)
    {
        using var held = _system.BigLock.Enter();
        Block = MemoryRegion.CreateRam(_system, "huge", GuestBytes).RamBlock!;
        _system.StartGlobalLogging(GlobalDirtyTracking.Migration);
        Pattern = GC.AllocateArray<ulong>(Words, pinned: true);
        Own = GC.AllocateArray<ulong>(Words, pinned: true);
        // Written once: pages that never were would all be the same one, which stays in the cache.
        Array.Fill(Pattern, 1UL);
        Array.Clear(Pattern);
        var random = new Random(1);
        switch (pattern)
        {
            case DirtyPattern.Sparse:
                for (var i = 0; i < SparsePages; i++)
                    Pattern[random.Next(Words)] |= 1UL << random.Next(64);
                break;
            case DirtyPattern.Half:
                random.NextBytes(MemoryMarshal.AsBytes(Pattern.AsSpan()));
                break;
            case DirtyPattern.Dense:
                Array.Fill(Pattern, ulong.MaxValue);
                break;
        }
    }

    internal DirtyMemory Dirty => _system.Dirty;

    internal RamBlock Block { get; }

    /// <summary>What a dirty log returns.</summary>
    internal ulong[] Pattern { get; }

    /// <summary>The bitmap of whoever copies memory.</summary>
    internal ulong[] Own { get; }

    public void Dispose() => _system.Dispose();

    /// <summary>Puts the pattern into the migration client's bitmap and empties the others.</summary>
    internal void RefillForDrain()
    {
        EmptyForMerge();
        Dirty.MergeBitmap(Block.Offset, Pattern, Words * 64L);
        Array.Clear(Own);
    }

    /// <summary>Empties the bitmaps that a merge writes to.</summary>
    internal void EmptyForMerge()
    {
        Dirty.TestAndClear(Block.Offset, GuestBytes, DirtyClient.Vga);
        Dirty.TestAndClear(Block.Offset, GuestBytes, DirtyClient.Migration);
    }

    /// <summary>Reads the words of a client's bitmap and does nothing else.</summary>
    internal ulong ReadClient(DirtyClient client)
    {
        ulong sum = 0;
        for (var block = 0; block < Words / Dirty.GetWords(client, 0).Length; block++)
            sum |= Read(Dirty.GetWords(client, block));
        return sum;
    }

    /// <summary>As fast as memory can be read: four vectors at a time.</summary>
    internal static ulong Read(ReadOnlySpan<ulong> words)
    {
        ref var first = ref MemoryMarshal.GetReference(words);
        var (a, b, c, d) = (Vector512<ulong>.Zero, Vector512<ulong>.Zero, Vector512<ulong>.Zero, Vector512<ulong>.Zero);
        for (var i = 0; i + 32 <= words.Length; i += 32)
        {
            a |= Vector512.LoadUnsafe(ref first, (nuint)i);
            b |= Vector512.LoadUnsafe(ref first, (nuint)i + 8);
            c |= Vector512.LoadUnsafe(ref first, (nuint)i + 16);
            d |= Vector512.LoadUnsafe(ref first, (nuint)i + 24);
        }
        return Vector512.Sum(a | b | c | d);
    }
}
