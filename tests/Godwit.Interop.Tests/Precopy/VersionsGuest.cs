using System.Buffers.Binary;
using Godwit.Machine;

namespace Godwit.Interop.Tests;

/// <summary>
/// A bare-metal guest that copies prepared versions of pages over each other for ever: so a test chooses what a page was and what it becomes.
/// </summary>
/// <remarks>Pages of its memory: code and parameters, the targets, then for each version a copy of all targets.</remarks>
internal sealed class VersionsGuest
{
    public const ulong EntryAddress = 0x8000_0000;

    private const int PageBytes = 4096;
    private const int ParametersOffset = 0x10;

    /// <summary>In round r target t becomes version (r + t) mod versions.</summary>
    private const string Source = """
        start:
                j       begin
                .balign 16
        parameters:
        targets:        .dword 0
        versions:       .dword 0
        begin:
                la      t0, parameters
                ld      s0, 0(t0)
                ld      s1, 8(t0)
                la      s2, start
                li      t0, 4096
                add     s2, s2, t0              # first target
                slli    t0, s0, 12
                add     s3, s2, t0              # first version
                li      s4, 0
        round:  li      s5, 0
        target: add     t0, s4, s5
                remu    t0, t0, s1
                mul     t0, t0, s0
                add     t0, t0, s5
                slli    t0, t0, 12
                add     t0, t0, s3
                slli    t1, s5, 12
                add     t1, t1, s2
                li      t2, 4096
                add     t2, t2, t1
        copy:   ld      t3, 0(t0)
                sd      t3, 0(t1)
                addi    t0, t0, 8
                addi    t1, t1, 8
                bne     t1, t2, copy
                addi    s5, s5, 1
                bne     s5, s0, target
                addi    s4, s4, 1
                j       round
        """;

    private VersionsGuest(byte[] image) => Image = image;

    /// <summary>Bytes for the start of RAM.</summary>
    public byte[] Image { get; }

    /// <summary>Makes the image.</summary>
    /// <param name="targets">For each target its versions, a page each.</param>
    public static VersionsGuest Build(IReadOnlyList<IReadOnlyList<byte[]>> targets)
    {
        int versions = targets[0].Count;
        byte[] image = new byte[PageBytes * (1 + targets.Count + (targets.Count * versions))];
        RiscVAssembler.Assemble(Source, EntryAddress).Image.CopyTo(image);
        BinaryPrimitives.WriteInt64LittleEndian(image.AsSpan(ParametersOffset), targets.Count);
        BinaryPrimitives.WriteInt64LittleEndian(image.AsSpan(ParametersOffset + 8), versions);
        for (int version = 0; version < versions; version++)
        {
            for (int target = 0; target < targets.Count; target++)
                targets[target][version].CopyTo(image, PageBytes * (1 + targets.Count + (version * targets.Count) + target));
        }

        return new VersionsGuest(image);
    }
}
