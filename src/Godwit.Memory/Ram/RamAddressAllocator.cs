namespace Godwit.Memory;

/// <summary>Finds room for a block in the linear RAM space: the tightest gap behind an existing block that is large enough.</summary>
internal static class RamAddressAllocator
{
    // 64 pages: every block starts on a word of the dirty bitmaps.
    private const ulong AlignmentBytes = TargetPage.BytesPerWord;

    internal static RamAddress Allocate(ReadOnlySpan<RamBlock> blocks, ulong lengthBytes)
    {
        if (blocks.IsEmpty)
            return new RamAddress(0);
        ulong? best = null;
        var bestGap = ulong.MaxValue;
        foreach (var block in blocks)
        {
            var candidate = checked(block.Offset.Value + block.MaxLengthBytes + (AlignmentBytes - 1)) & ~(AlignmentBytes - 1);
            var next = ulong.MaxValue;
            foreach (var other in blocks)
            {
                if (other.Offset.Value >= candidate)
                    next = Math.Min(next, other.Offset.Value);
            }
            var gap = next - candidate;
            if (gap >= lengthBytes && (best is null || gap < bestGap))
            {
                best = candidate;
                bestGap = gap;
            }
        }
        return new RamAddress(best ?? throw new InvalidOperationException($"No room for 0x{lengthBytes:x} bytes in the linear RAM space."));
    }
}
