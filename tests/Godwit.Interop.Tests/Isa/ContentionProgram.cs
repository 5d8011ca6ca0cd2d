using System.Buffers.Binary;
using Godwit.Machine;

namespace Godwit.Interop.Tests;

/// <summary>
/// Harts that work on the same few words at the same time, in phases with barriers between them. Within a phase every word knows one commutative
/// operation, so that any legal order of the harts leaves the same memory, which <see cref="Expected"/> computes without any of them.
/// </summary>
internal sealed class ContentionProgram
{
    public const int Harts = 4;
    private const int Phases = 6;
    private const int OperationsPerPhase = 200;
    private const int CellCount = 16;
    private const ulong Cells = 0x8001_0000;
    private const ulong Slots = Cells + (8 * CellCount);
    private const ulong Results = 0x8001_2000;
    private const ulong Lists = 0x8002_0000;
    private const ulong ListBytes = 0x1_0000;
    private const ulong Multiplier = 6364136223846793005;

    // Entries are a handler's number, an address and an operand; handlers have 32 bytes each. Operation 0 ends a phase, 21 the program.
    private static readonly string _source = FormattableString.Invariant($"""
        start:  csrwi   mie, 0
                csrr    s0, mhartid
                li      s1, {Lists}
                slli    t0, s0, 16
                add     s1, s1, t0
                li      s2, {Cells}
                li      s3, 0
                li      s4, 0
                la      s5, handlers
                li      s6, {Multiplier}
        next:   ld      t0, 0(s1)
                ld      a0, 8(s1)
                ld      a1, 16(s1)
                addi    s1, s1, 24
                slli    t0, t0, 5
                add     t0, t0, s5
                jr      t0

        # Own words are written before the barrier and read by the others behind it, with nothing but fences between.
        phase:  slli    t0, s0, 3
                add     t0, t0, s2
                xor     t1, s3, s0
                addi    t1, t1, 77
                sd      t1, {8 * CellCount}(t0)
                call    barrier
                li      t0, {CellCount + Harts}
                mv      t1, s2
        1:      ld      t2, 0(t1)
                mul     s3, s3, s6
                xor     s3, s3, t2
                addi    t1, t1, 8
                addi    t0, t0, -1
                bnez    t0, 1b
                call    barrier
                j       next

        barrier: fence  rw, rw
                li      t0, {Results + 0x800}
                addi    s4, s4, {Harts}
                li      t1, 1
                amoadd.d zero, t1, (t0)
        1:      ld      t1, 0(t0)
                bltu    t1, s4, 1b
                fence   rw, rw
                ret

        finish: li      t0, {Results}
                slli    t1, s0, 3
                add     t0, t0, t1
                sd      s3, 0(t0)
                call    barrier
                bnez    s0, 1f
                li      t0, {IsaLayout.Context + IsaLayout.Done}
                li      t1, {IsaLayout.DoneMagic}
                sd      t1, 0(t0)
        1:      wfi
                j       1b

                .balign 32
        handlers:
                j       phase
        {Amo("add")}{Amo("xor")}{Amo("or")}{Amo("and")}{Amo("min")}{Amo("max")}{Amo("minu")}{Amo("maxu")}{Loop("add")}{Loop("xor")}
                .balign 32
                j       finish
        """);

    private readonly ulong[] _start = new ulong[CellCount];
    private readonly List<(int Kind, ulong Address, ulong Operand)>[] _lists;
    private readonly int[][] _kinds;

    /// <summary>Makes the program of a seed.</summary>
    public ContentionProgram(int seed)
    {
        var values = new IsaValues(seed);
        for (int i = 0; i < CellCount; i++)
            _start[i] = values.Next();

        // A cell is one double word or two words in a phase.
        _kinds = [.. Enumerable.Range(0, Phases).Select(_ => Enumerable.Range(0, CellCount).Select(_ => values.Below(10)).ToArray())];
        _lists = [.. Enumerable.Range(0, Harts).Select(_ => new List<(int Kind, ulong Address, ulong Operand)>())];
        foreach (int[] kinds in _kinds)
        {
            foreach (List<(int Kind, ulong Address, ulong Operand)> list in _lists)
            {
                for (int i = 0; i < OperationsPerPhase; i++)
                {
                    int cell = values.Below(values.Chance(50) ? 2 : CellCount);
                    bool isWord = IsWord(kinds, cell);
                    list.Add((1 + (2 * kinds[cell]) + (isWord ? 0 : 1), Cells + (8 * (ulong)cell) + (isWord && values.Chance(50) ? 4u : 0), values.Next()));
                }

                list.Add((0, 0, 0));
            }
        }

        foreach (List<(int Kind, ulong Address, ulong Operand)> list in _lists)
            list.Add((21, 0, 0));
    }

    /// <summary>The image from the start of RAM.</summary>
    public byte[] Image()
    {
        var bytes = new byte[Lists + (Harts * ListBytes) - IsaLayout.Ram];
        RiscVAssembler.Assemble(_source, IsaLayout.Ram).Image.CopyTo(bytes);
        for (int i = 0; i < CellCount; i++)
            Put(bytes, Cells + (8 * (ulong)i), _start[i]);
        for (int hart = 0; hart < Harts; hart++)
        {
            ulong at = Lists + ((ulong)hart * ListBytes);
            foreach ((int kind, ulong address, ulong operand) in _lists[hart])
            {
                Put(bytes, at, (ulong)kind);
                Put(bytes, at + 8, address);
                Put(bytes, at + 16, operand);
                at += 24;
            }
        }

        return bytes;
    }

    /// <summary>What is in memory afterwards: the cells, then what each hart made of all that it read.</summary>
    public static ulong[] Found(byte[] ram) =>
    [
        .. Enumerable.Range(0, CellCount).Select(i => Get(ram, Cells + (8 * (ulong)i))), .. Enumerable.Range(0, Harts).Select(i => Get(ram, Results + (8 * (ulong)i))),
    ];

    /// <summary>What any legal order leaves, in the order of <see cref="Found"/>.</summary>
    public ulong[] Expected()
    {
        var cells = new byte[8 * CellCount];
        for (int i = 0; i < CellCount; i++)
            BinaryPrimitives.WriteUInt64LittleEndian(cells.AsSpan(8 * i), _start[i]);
        var sums = new ulong[Harts];
        var positions = new int[Harts];
        for (int phase = 0; phase < Phases; phase++)
        {
            for (int hart = 0; hart < Harts; hart++)
            {
                while (_lists[hart][positions[hart]++] is { Kind: not 0 } entry)
                    Apply(cells.AsSpan((int)(entry.Address - Cells)), entry.Kind - 1, entry.Operand);
            }

            ulong[] seen =
            [
                .. Enumerable.Range(0, CellCount).Select(i => BinaryPrimitives.ReadUInt64LittleEndian(cells.AsSpan(8 * i))),
                .. Enumerable.Range(0, Harts).Select(hart => (sums[hart] ^ (ulong)hart) + 77),
            ];
            for (int hart = 0; hart < Harts; hart++)
                sums[hart] = seen.Aggregate(sums[hart], (sum, value) => unchecked(sum * Multiplier) ^ value);
        }

        return [.. Enumerable.Range(0, CellCount).Select(i => BinaryPrimitives.ReadUInt64LittleEndian(cells.AsSpan(8 * i))), .. sums];
    }

    private static bool IsWord(int[] kinds, int cell) => (kinds[cell] + cell) % 2 == 0;

    private static void Apply(Span<byte> cell, int handler, ulong operand)
    {
        if (handler % 2 == 1)
            BinaryPrimitives.WriteUInt64LittleEndian(cell, Combine(handler / 2, BinaryPrimitives.ReadUInt64LittleEndian(cell), operand));
        else
            BinaryPrimitives.WriteUInt32LittleEndian(cell, (uint)Combine(handler / 2, (ulong)BinaryPrimitives.ReadInt32LittleEndian(cell), (ulong)(int)operand));
    }

    /// <summary>The operation on 64 bits; words are extended by their sign, which keeps both orders.</summary>
    private static ulong Combine(int kind, ulong old, ulong operand) => kind switch
    {
        0 or 8 => unchecked(old + operand),
        1 or 9 => old ^ operand,
        2 => old | operand,
        3 => old & operand,
        4 => (ulong)Math.Min((long)old, (long)operand),
        5 => (ulong)Math.Max((long)old, (long)operand),
        6 => Math.Min(old, operand),
        _ => Math.Max(old, operand),
    };

    private static string Amo(string name) => $"""
                .balign 32
                amo{name}.w zero, a1, (a0)
                j       next
                .balign 32
                amo{name}.d t0, a1, (a0)
                j       next

        """;

    private static string Loop(string name) => $"""
                .balign 32
        1:      lr.w    t0, (a0)
                {name}  t0, t0, a1
                sc.w    t1, t0, (a0)
                bnez    t1, 1b
                j       next
                .balign 32
        1:      lr.d    t0, (a0)
                {name}  t0, t0, a1
                sc.d.rl t1, t0, (a0)
                bnez    t1, 1b
                j       next

        """;

    private static void Put(byte[] bytes, ulong address, ulong value) =>
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan((int)(address - IsaLayout.Ram)), value);

    private static ulong Get(byte[] bytes, ulong address) => BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan((int)(address - IsaLayout.Ram)));
}
