using System.Buffers.Binary;
using System.Collections.Immutable;
using Godwit.Machine;

namespace Godwit.Interop.Tests;

/// <summary>Many programs and the harness in one memory image.</summary>
internal sealed class IsaImage
{
    private static readonly AssembledProgram _harness = IsaHarness.Assemble();

    private IsaImage(ImmutableArray<IsaProgram> programs, byte[] bytes, ulong results)
    {
        Programs = programs;
        Bytes = bytes;
        Results = results;
    }

    public ImmutableArray<IsaProgram> Programs { get; }

    /// <summary>From the start of RAM.</summary>
    public byte[] Bytes { get; }

    /// <summary>Address of the first result.</summary>
    public ulong Results { get; }

    public ulong End => Results + ((ulong)Programs.Length * IsaLayout.ResultBytes);

    /// <summary>Lays out programs.</summary>
    /// <param name="seeds">Kind and seed of each.</param>
    /// <param name="maximumMode">Largest satp mode of the CPU.</param>
    /// <param name="avoidsQuirks">Whether programs keep away from what <see cref="IsaQuirks"/> is about.</param>
    public static IsaImage Build(IReadOnlyList<(IsaKind Kind, long Seed)> seeds, int maximumMode, bool avoidsQuirks)
    {
        const int Stride = IsaLayout.BodyBytes + IsaLayout.DescriptorBytes;
        ulong results = (IsaLayout.Programs + (ulong)(seeds.Count * Stride) + 0xfff) & ~0xfffUL;
        if (results + (ulong)(seeds.Count * IsaLayout.ResultBytes) > IsaLayout.Ram + (ulong)IsaLayout.RamBytes - (4 << 20))
            throw new ArgumentException("too many programs for one image", nameof(seeds));
        byte[] bytes = new byte[results - IsaLayout.Ram];
        _harness.Image.CopyTo(bytes, (int)(IsaLayout.Harness - IsaLayout.Ram));
        Put(bytes, IsaLayout.Ram, JumpTo(IsaLayout.Harness - IsaLayout.Ram));
        var programs = ImmutableArray.CreateBuilder<IsaProgram>(seeds.Count);
        for (int i = 0; i < seeds.Count; i++)
        {
            ulong code = IsaLayout.Programs + (ulong)(i * Stride);
            ulong descriptor = code + IsaLayout.BodyBytes;
            IsaProgram program = IsaGenerator.Generate(
                seeds[i].Kind, seeds[i].Seed, code, maximumMode, avoidsQuirks, (ulong)_harness.Symbols["mvector"], (ulong)_harness.Symbols["svector"]);
            program.Code.ToArray().CopyTo(bytes, (int)(code - IsaLayout.Ram));
            ulong next = i + 1 < seeds.Count ? descriptor + Stride : 0;
            program.WriteDescriptor(
                bytes.AsSpan((int)(descriptor - IsaLayout.Ram), IsaLayout.DescriptorBytes), descriptor, next, results + (ulong)(i * IsaLayout.ResultBytes));
            programs.Add(program);
        }

        Put(bytes, IsaLayout.Context + IsaLayout.PmpDirty, 1);
        Put(bytes, IsaLayout.Context + IsaLayout.Current, seeds.Count > 0 ? IsaLayout.Programs + IsaLayout.BodyBytes : 0);
        return new IsaImage(programs.MoveToImmutable(), bytes, results);
    }

    private static void Put(byte[] bytes, ulong address, ulong value) =>
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan((int)(address - IsaLayout.Ram)), value);

    private static ulong JumpTo(ulong offset) =>
        ((offset & 0xff000) | (offset >> 20 & 1) << 31 | (offset >> 1 & 0x3ff) << 21 | (offset >> 11 & 1) << 20) | 0x6f;
}
