using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Godwit.Memory;

/// <summary>Tells whether memory is all zero, which is what most of a fresh guest is.</summary>
public static class ZeroPage
{
    private const int Step = 4 * 64;

    /// <summary>Whether every byte is zero; returns at the first that is not.</summary>
    /// <remarks>The guest may write meanwhile; the answer then holds for some moment of each byte, not of all together.</remarks>
    public static bool IsZero(ReadOnlySpan<byte> bytes)
    {
        ref var first = ref MemoryMarshal.GetReference(bytes);
        nuint offset = 0;
        for (var left = bytes.Length; left >= Step; left -= Step, offset += Step)
        {
            var any = Vector512.LoadUnsafe(ref first, offset) | Vector512.LoadUnsafe(ref first, offset + 64)
                | Vector512.LoadUnsafe(ref first, offset + 128) | Vector512.LoadUnsafe(ref first, offset + 192);
            if (any != Vector512<byte>.Zero)
                return false;
        }
        return IsZeroScalar(bytes[(int)offset..]);
    }

    /// <summary>Scalar twin of <see cref="IsZero"/>.</summary>
    public static bool IsZeroScalar(ReadOnlySpan<byte> bytes)
    {
        var words = MemoryMarshal.Cast<byte, ulong>(bytes);
        foreach (var word in words)
        {
            if (word != 0)
                return false;
        }
        foreach (var value in bytes[(words.Length * sizeof(ulong))..])
        {
            if (value != 0)
                return false;
        }
        return true;
    }
}
