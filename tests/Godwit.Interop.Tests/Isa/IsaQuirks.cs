using System.Buffers.Binary;

namespace Godwit.Interop.Tests;

/// <summary>Differences of QEMU 11.1 that depend on what its translation cache and its float library remember; docs/testing.md lists them.</summary>
internal static class IsaQuirks
{
    private const ulong FloatState = 0x8000_0000_0000_6000;

    /// <summary>Whether all that a program left behind is the same but for one of the quirks.</summary>
    public static bool Explains(IsaProgram program, ReadOnlySpan<byte> expected, ReadOnlySpan<byte> found) =>
        DiffersInFloatStateOnly(expected, found) || (program.UsesPmp && BeginsAcrossPages(expected, found));

    /// <summary>FS: 11.1 looks at flags of its library that are finer than the five of the architecture, such as that of a subnormal operand.</summary>
    private static bool DiffersInFloatStateOnly(ReadOnlySpan<byte> expected, ReadOnlySpan<byte> found)
    {
        for (int at = 0; at < IsaLayout.ResultBytes; at += 8)
        {
            if (((Read(expected, at) ^ Read(found, at)) & ~FloatState) != 0)
                return false;
        }

        return true;
    }

    /// <summary>PMP: 11.1 looks at an access that crosses a page as a whole or as two parts, by whether the first page is in its cache.</summary>
    private static bool BeginsAcrossPages(ReadOnlySpan<byte> expected, ReadOnlySpan<byte> found)
    {
        for (int i = 0; i < IsaLayout.LogEntries; i++)
        {
            int at = IsaLayout.ResultLog + (32 * i);
            if (!expected.Slice(at, 32).SequenceEqual(found.Slice(at, 32)))
                return IsNextToABoundary(expected[at..]) || IsNextToABoundary(found[at..]);
        }

        // Behind the last trap that is logged nobody can tell any more.
        return Math.Min(Read(expected, IsaLayout.ResultTraps), Read(found, IsaLayout.ResultTraps)) >= IsaLayout.LogEntries;
    }

    private static bool IsNextToABoundary(ReadOnlySpan<byte> trap)
    {
        ulong inPage = Read(trap, 16) & 0xfff;
        return (Read(trap, 0) & 0xff) is 5 or 7 && inPage is 0 or > 0xff8;
    }

    private static ulong Read(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt64LittleEndian(bytes[at..]);
}
