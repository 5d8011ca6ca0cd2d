using System.Globalization;
using FsCheck;
using FsCheck.Fluent;

namespace Godwit.Machine.Tests;

public sealed class RiscVAssemblerTests
{
    private const ulong Origin = 0x8000_0000;

    [Fact]
    public void Assemble_EveryVectorOfTheGnuAssembler_GivesTheSameBytes()
    {
        int count = 0;
        foreach (string line in File.ReadLines(Path.Combine(AppContext.BaseDirectory, "vectors", "riscv", "encodings.txt")))
        {
            if (line.StartsWith('#'))
                continue;
            string[] parts = line.Split(' ', 2);
            AssembledProgram program = RiscVAssembler.Assemble(parts[1], Origin);
            Assert.Equal(line, Convert.ToHexStringLower([.. program.Image]) + " " + parts[1]);
            count++;
        }

        Assert.True(count > 900);
    }

    [Fact]
    public void Assemble_LoadImmediateOfAnyValue_ComputesThatValue() =>
        Prop.ForAll(
            ArbMap.Default.ArbFor<long>().Generator.Select(v => v)
                .Or(ArbMap.Default.ArbFor<int>().Generator.Select(v => (long)v))
                .Or(Gen.Choose(0, 63).Select(bit => 1L << bit))
                .Or(Gen.Choose(0, 63).Select(bit => (1L << bit) - 1))
                .ToArbitrary(),
            value => Run(RiscVAssembler.Assemble(string.Create(CultureInfo.InvariantCulture, $"li a0, {value}"), Origin)) == value)
        .QuickCheckThrowOnFailure();

    [Theory]
    [InlineData(long.MaxValue)]
    [InlineData(long.MinValue)]
    [InlineData(0x7ffff800)]
    [InlineData(0x7fffffff)]
    [InlineData(-0x80000000L)]
    [InlineData(0x80000000L)]
    [InlineData(-1)]
    [InlineData(0x7fffffffffffffffL - 0x7ff)]
    public void Assemble_LoadImmediateAtAnEdge_ComputesThatValue(long value) =>
        Assert.Equal(value, Run(RiscVAssembler.Assemble(string.Create(CultureInfo.InvariantCulture, $"li a0, {value}"), Origin)));

    [Fact]
    public void Assemble_LabelsDirectivesAndExpressions_AreLaidOut()
    {
        const string Source = """
            .equ SIZE, (1 << 4) | 2   # 18
            start:  j       1f
                    .balign 8
            1:      .dword  start + SIZE*2
                    .half   -1, 'A', 0x1234
                    .asciz  "a\n#\""
            end:    .byte   end - start, ~0 & 0xff
                    beqz    a0, 1b
            """;
        AssembledProgram program = RiscVAssembler.Assemble(Source.Replace("beqz", ".balign 4\nbeqz", StringComparison.Ordinal), Origin);

        Assert.Equal(
            "6f00800000000000" + "2400008000000000" + "ffff41003412" + "610a232200" + "1bff" + "000000" + "e30405fe",
            Convert.ToHexStringLower([.. program.Image]));
        Assert.Equal(Origin + 0x1b, program.AddressOf("end"));
    }

    [Fact]
    public void Assemble_LoadAddress_ReachesBothDirections()
    {
        AssembledProgram program = RiscVAssembler.Assemble("la a0, far\n.org start + 0x12804\nstart2:\n.equ x, 1\nfar: nop", Origin, new Dictionary<string, long>(StringComparer.Ordinal) { ["start"] = (long)Origin });
        Assert.Equal((long)program.AddressOf("far"), Run(program, 2));
    }

    [Theory]
    [InlineData("addi a0, a1, 2048", "line 1: addi: 2048 is no possible operand")]
    [InlineData("\nbeq a0, a1, .+4098", "line 2: beq: 4098 is no possible operand")]
    [InlineData("c.lw a0, 2(a1)", "line 1: c.lw: 2 is no possible operand")]
    [InlineData("c.lw t0, 4(a1)", "line 1: c.lw: register 't0' is not possible here")]
    [InlineData("frobnicate a0", "line 1: unknown instruction 'frobnicate' with 1 operands")]
    [InlineData("j nowhere", "line 1: unknown symbol 'nowhere'")]
    [InlineData("a:\na:", "line 2: 'a' is defined twice")]
    [InlineData(".space 1 << 40", "line 1: cannot move by 1099511627776 bytes")]
    [InlineData(".byte 256", "line 1: 256 does not fit in 1 bytes")]
    [InlineData("li a0, (1", "line 1: expected ')' in expression '(1'")]
    [InlineData("add.aq a0, a1, a2", "line 1: unknown instruction 'add.aq' with 3 operands")]
    public void Assemble_BadLine_IsRefusedWithItsNumber(string source, string message) =>
        Assert.Equal(message, Assert.Throws<AssemblyException>(() => RiscVAssembler.Assemble(source, Origin)).Message);

    /// <summary>Computes a0 after a straight run of the instructions that li and la are made of.</summary>
    private static long Run(AssembledProgram program, int instructions = int.MaxValue)
    {
        long a0 = 0;
        for (int at = 0; at < program.Image.Length && instructions-- > 0; at += 4)
        {
            uint word = BitConverter.ToUInt32(program.Image.AsSpan().Slice(at, 4));
            long immediate = (int)word >> 20;
            long source = ((word >> 15) & 31) == 0 ? 0 : a0;
            a0 = (word & 0x707f) switch
            {
                0x0013 => source + immediate,
                0x001b => (int)(source + immediate),
                0x1013 => source << (int)((word >> 20) & 63),
                uint w when (w & 0x7f) == 0x37 => (int)(word & 0xfffff000),
                uint w when (w & 0x7f) == 0x17 => (long)program.Origin + at + (int)(word & 0xfffff000),
                _ => throw new InvalidOperationException($"unexpected {word:x8}"),
            };
        }

        return a0;
    }
}
