namespace Godwit.Accel.RiscV.Tests;

/// <summary>What the instructions add to the arithmetic: boxing, rounding-mode checks, the state of the unit, comparisons and conversions.</summary>
public sealed class FloatInstructionTests
{
    private const ulong Box = 0xffff_ffff_0000_0000;
    private const ulong NaN32 = Box | 0x7fc0_0000;
    private const ulong NaN64 = 0x7ff8_0000_0000_0000;
    private const ulong One32 = Box | 0x3f80_0000;

    /// <summary>Encodings: funct7/rs2/rs1/rm/rd of OP-FP with f1 and f2 (or a1) in, f3 (or a2) out.</summary>
    private static uint Fp(uint funct7, uint rs2, uint rs1, uint rm, uint rd) => funct7 << 25 | rs2 << 20 | rs1 << 15 | rm << 12 | rd << 7 | 0x53;

    private static TestMachine Execute(uint instruction, ulong f1 = 0, ulong f2 = 0, ulong a1 = 0, uint fs = 1, uint frm = 0)
    {
        var machine = new TestMachine();
        machine.Load($"""
            la t0, trap
            csrw mtvec, t0
            li t0, {fs << 13}
            csrs mstatus, t0
            {(fs == 0 ? string.Empty : $"csrwi frm, {frm}")}
            .word {instruction}
            j done
            .balign 4
            trap: csrr s2, mcause
            csrr s3, mtval
            """);
        machine.Hart.WriteFloatRegister(1, f1);
        machine.Hart.WriteFloatRegister(2, f2);
        machine.Hart.WriteRegister(11, a1);
        machine.Run();
        return machine;
    }

    [Theory]
    [InlineData(0x3f80_0000UL, NaN32)] // not boxed: acts as the canonical NaN
    [InlineData(One32, Box | 0x4000_0000)]
    public void FaddS_OperandBoxing_IsChecked(ulong operand, ulong expected)
    {
        using TestMachine machine = Execute(Fp(0x00, 2, 1, 0, 3), operand, One32);
        Assert.Equal(expected, machine.Hart.ReadFloatRegister(3));
    }

    [Fact]
    public void FmvXW_UnboxedOperand_TakesTheLowHalfAsItIs()
    {
        using TestMachine machine = Execute(Fp(0x70, 0, 1, 0, 12), 0x1234_5678_8765_4321);
        Assert.Equal(0xffff_ffff_8765_4321, machine.Register("a2"));
    }

    [Theory]
    [InlineData(5)]
    [InlineData(6)]
    public void FcvtDW_ReservedRoundingMode_IsIllegal(uint mode)
    {
        uint instruction = Fp(0x69, 0, 11, mode, 3);
        using TestMachine machine = Execute(instruction);
        Assert.Equal(2UL, machine.Register("s2"));
        Assert.Equal(instruction, machine.Register("s3"));
    }

    [Theory]
    [InlineData(4, 0UL)]
    [InlineData(5, 2UL)]
    [InlineData(7, 2UL)]
    public void FaddD_DynamicMode_UsesFrmAndRefusesReservedValues(uint frm, ulong cause)
    {
        using TestMachine machine = Execute(Fp(0x01, 2, 1, 7, 3), frm: frm);
        Assert.Equal(cause, machine.Register("s2"));
    }

    [Fact]
    public void FaddD_UnitOff_IsIllegal()
    {
        using TestMachine machine = Execute(Fp(0x01, 2, 1, 0, 3), fs: 0);
        Assert.Equal(2UL, machine.Register("s2"));
    }

    [Fact]
    public void CompressedLoad_UnitOff_ReportsTheSixteenBits()
    {
        using var machine = new TestMachine();
        machine.Run("""
            la t0, trap
            csrw mtvec, t0
            .half 0x2008
            .balign 4
            trap: csrr s2, mcause
            csrr s3, mtval
            """);
        Assert.Equal(2UL, machine.Register("s2"));
        Assert.Equal(0x2008UL, machine.Register("s3"));
    }

    [Theory]
    [InlineData(2, NaN64, 0UL, 0UL, 0u)] // FEQ is quiet
    [InlineData(2, 0x7ff0_0000_0000_0001UL, 0UL, 0UL, 16u)]
    [InlineData(1, NaN64, 0UL, 0UL, 16u)] // FLT signals
    [InlineData(0, NaN64, 0UL, 0UL, 16u)] // FLE signals
    [InlineData(2, 0x8000_0000_0000_0000UL, 0UL, 1UL, 0u)] // −0 = +0
    [InlineData(1, 0x8000_0000_0000_0000UL, 0UL, 0UL, 0u)]
    [InlineData(1, 0xbff0_0000_0000_0000UL, 0x3ff0_0000_0000_0000UL, 1UL, 0u)]
    [InlineData(0, 0x3ff0_0000_0000_0000UL, 0x3ff0_0000_0000_0000UL, 1UL, 0u)]
    public void Compare_SpecialOperands_GivesResultAndFlags(uint funct3, ulong a, ulong b, ulong expected, uint flags)
    {
        using TestMachine machine = Execute(Fp(0x51, 2, 1, funct3, 12), a, b);
        Assert.Equal(expected, machine.Register("a2"));
        Assert.Equal(flags, machine.Hart.FloatFlags);
    }

    [Theory]
    [InlineData(0, 0x8000_0000_0000_0000UL, 0UL, 0x8000_0000_0000_0000UL, 0u)] // min(−0, +0) = −0
    [InlineData(1, 0x8000_0000_0000_0000UL, 0UL, 0UL, 0u)]
    [InlineData(0, NaN64, 0x3ff0_0000_0000_0000UL, 0x3ff0_0000_0000_0000UL, 0u)]
    [InlineData(1, 0x7ff0_0000_0000_0001UL, 0x3ff0_0000_0000_0000UL, 0x3ff0_0000_0000_0000UL, 16u)]
    [InlineData(0, 0xfff8_0000_0000_0123UL, NaN64, NaN64, 0u)]
    [InlineData(0, 0xc000_0000_0000_0000UL, 0xbff0_0000_0000_0000UL, 0xc000_0000_0000_0000UL, 0u)]
    public void MinimumMaximum_SpecialOperands_GivesResultAndFlags(uint funct3, ulong a, ulong b, ulong expected, uint flags)
    {
        using TestMachine machine = Execute(Fp(0x15, 2, 1, funct3, 3), a, b);
        Assert.Equal(expected, machine.Hart.ReadFloatRegister(3));
        Assert.Equal(flags, machine.Hart.FloatFlags);
    }

    [Theory]
    [InlineData(0, 0x7ff8_0000_0000_0000UL, 0x7fff_ffffUL, 16u)] // W: NaN
    [InlineData(0, 0xfff0_0000_0000_0000UL, 0xffff_ffff_8000_0000UL, 16u)] // W: −∞
    [InlineData(0, 0x41e0_0000_0000_0000UL, 0x7fff_ffffUL, 16u)] // W: 2^31
    [InlineData(0, 0xc1e0_0000_0000_0000UL, 0xffff_ffff_8000_0000UL, 0u)] // W: −2^31
    [InlineData(1, 0x41ef_ffff_ffe0_0000UL, ulong.MaxValue, 0u)] // WU: 2^32 − 1, sign-extended
    [InlineData(1, 0xbfe0_0000_0000_0000UL, 0UL, 1u)] // WU: −0.5 rounds to 0
    [InlineData(1, 0xbff0_0000_0000_0000UL, 0UL, 16u)] // WU: −1
    [InlineData(2, 0x43e0_0000_0000_0000UL, 0x7fff_ffff_ffff_ffffUL, 16u)] // L: 2^63
    [InlineData(3, 0x43ef_ffff_ffff_ffffUL, 0xffff_ffff_ffff_f800UL, 0u)] // LU
    [InlineData(3, 0x43f0_0000_0000_0000UL, ulong.MaxValue, 16u)] // LU: 2^64
    [InlineData(0, 0x3ff8_0000_0000_0000UL, 2UL, 1u)] // W: 1.5 to even
    [InlineData(0, 0x4004_0000_0000_0000UL, 2UL, 1u)] // W: 2.5 to even
    public void ConvertToInteger_Limits_SaturateWithInvalidAlone(uint kind, ulong value, ulong expected, uint flags)
    {
        using TestMachine machine = Execute(Fp(0x61, kind, 1, 0, 12), value);
        Assert.Equal(expected, machine.Register("a2"));
        Assert.Equal(flags, machine.Hart.FloatFlags);
    }

    [Theory]
    [InlineData(0xfff0_0000_0000_0000UL, 1u << 0)]
    [InlineData(0xbff0_0000_0000_0000UL, 1u << 1)]
    [InlineData(0x8000_0000_0000_0001UL, 1u << 2)]
    [InlineData(0x8000_0000_0000_0000UL, 1u << 3)]
    [InlineData(0UL, 1u << 4)]
    [InlineData(1UL, 1u << 5)]
    [InlineData(0x3ff0_0000_0000_0000UL, 1u << 6)]
    [InlineData(0x7ff0_0000_0000_0000UL, 1u << 7)]
    [InlineData(0x7ff0_0000_0000_0001UL, 1u << 8)]
    [InlineData(NaN64, 1u << 9)]
    public void Classify_EachClass_SetsItsBit(ulong value, ulong expected)
    {
        using TestMachine machine = Execute(Fp(0x71, 0, 1, 1, 12), value);
        Assert.Equal(expected, machine.Register("a2"));
    }

    [Fact]
    public void MultiplyAdd_InfinityTimesZeroPlusQuietNaN_IsInvalid()
    {
        // fmadd.d f3, f1, f2, f0 with f0 = qNaN
        using var machine = new TestMachine();
        machine.Load("""
            li t0, 0x2000
            csrs mstatus, t0
            .word 0x022081c3
            """);
        machine.Hart.WriteFloatRegister(0, NaN64);
        machine.Hart.WriteFloatRegister(1, 0x7ff0_0000_0000_0000);
        machine.Run();
        Assert.Equal(NaN64, machine.Hart.ReadFloatRegister(3));
        Assert.Equal(16u, machine.Hart.FloatFlags);
    }

    [Fact]
    public void Mstatus_AfterWritingAFloatRegister_IsDirtyWithSummary()
    {
        using var machine = new TestMachine();
        machine.Run("""
            li t0, 0x2000
            csrs mstatus, t0
            .word 0xf2000053
            csrr a0, mstatus
            """);
        Assert.Equal(0x8000_0000_0000_6000, machine.Register("a0") & 0x8000_0000_0000_6000);
    }
}
