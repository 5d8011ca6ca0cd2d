using System.Runtime.CompilerServices;

namespace Godwit.Memory;

/// <summary>Notes which lines of a bitmap block a merge touched; what it notes goes to the block's summary afterwards.</summary>
internal readonly ref struct LineMarks(Span<ulong> lines, int firstWord)
{
    private readonly Span<ulong> _lines = lines;
    private readonly int _firstWord = firstWord;

    /// <summary>The line of the word at <paramref name="index"/>, counted from the first word of the merge.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Mark(int index)
    {
        var line = (_firstWord + index) / DirtyKernels.Lanes;
        _lines[line >> 6] |= 1UL << line;
    }

    /// <summary>As <see cref="Mark"/> for eight words, which are on two lines if the merge does not begin on one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void MarkEight(int index)
    {
        Mark(index);
        Mark(index + DirtyKernels.Lanes - 1);
    }
}
