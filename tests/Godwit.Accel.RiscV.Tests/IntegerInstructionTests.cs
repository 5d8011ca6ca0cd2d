namespace Godwit.Accel.RiscV.Tests;

/// <summary>Results of the integer instructions for corner operands, against values worked out from the manual.</summary>
public sealed class IntegerInstructionTests
{
    private const ulong Min = 0x8000_0000_0000_0000;
    private const ulong Ones = ulong.MaxValue;

    [Theory]
    [InlineData("add", 1, Ones, 0)]
    [InlineData("add", Min, Min, 0)]
    [InlineData("sub", 0, 1, Ones)]
    [InlineData("sll", 1, 127, Min)]
    [InlineData("srl", Min, 63, 1)]
    [InlineData("sra", Min, 63, Ones)]
    [InlineData("sra", Min, 64, Min)]
    [InlineData("slt", Ones, 0, 1)]
    [InlineData("slt", 0, Ones, 0)]
    [InlineData("sltu", Ones, 0, 0)]
    [InlineData("sltu", 0, Ones, 1)]
    [InlineData("xor", 0xff00, 0x0ff0, 0xf0f0)]
    [InlineData("or", 0xff00, 0x0ff0, 0xfff0)]
    [InlineData("and", 0xff00, 0x0ff0, 0x0f00)]
    [InlineData("addw", 0x7fff_ffff, 1, 0xffff_ffff_8000_0000)]
    [InlineData("addw", 0x1_0000_0000, 1, 1)]
    [InlineData("subw", 0, 1, Ones)]
    [InlineData("subw", 0xffff_ffff_8000_0000, 1, 0x7fff_ffff)]
    [InlineData("sllw", 1, 31, 0xffff_ffff_8000_0000)]
    [InlineData("sllw", 1, 32, 1)]
    [InlineData("srlw", 0xffff_ffff_8000_0000, 31, 1)]
    [InlineData("srlw", 0x8000_0000, 0, 0xffff_ffff_8000_0000)]
    [InlineData("sraw", 0x8000_0000, 31, Ones)]
    [InlineData("mul", 0x1_0000_0001, 0x1_0000_0001, 0x2_0000_0001)]
    [InlineData("mulh", Ones, Ones, 0)]
    [InlineData("mulh", Min, Min, 0x4000_0000_0000_0000)]
    [InlineData("mulh", Ones, 1, Ones)]
    [InlineData("mulhsu", Ones, Ones, Ones)]
    [InlineData("mulhsu", Min, Ones, Min)]
    [InlineData("mulhsu", 2, Min, 1)]
    [InlineData("mulhu", Ones, Ones, 0xffff_ffff_ffff_fffe)]
    [InlineData("mulw", 0x7fff_ffff, 2, 0xffff_ffff_ffff_fffe)]
    [InlineData("div", 7, 0, Ones)]
    [InlineData("div", Min, Ones, Min)]
    [InlineData("div", 0xffff_ffff_ffff_fff9, 2, 0xffff_ffff_ffff_fffd)]
    [InlineData("divu", 7, 0, Ones)]
    [InlineData("divu", Ones, 2, 0x7fff_ffff_ffff_ffff)]
    [InlineData("rem", 7, 0, 7)]
    [InlineData("rem", Min, Ones, 0)]
    [InlineData("rem", 0xffff_ffff_ffff_fff9, 2, Ones)]
    [InlineData("remu", 7, 0, 7)]
    [InlineData("remu", Ones, 10, 5)]
    [InlineData("divw", 7, 0x1_0000_0000, Ones)]
    [InlineData("divw", 0x8000_0000, Ones, 0xffff_ffff_8000_0000)]
    [InlineData("divw", 0x1_0000_0007, 2, 3)]
    [InlineData("divuw", 0x8000_0000, 1, 0xffff_ffff_8000_0000)]
    [InlineData("divuw", 5, 0, Ones)]
    [InlineData("remw", 0x8000_0000, Ones, 0)]
    [InlineData("remw", 0x8000_0000, 0, 0xffff_ffff_8000_0000)]
    [InlineData("remw", 0xffff_fff9, 2, Ones)]
    [InlineData("remuw", 0x8000_0000, 0, 0xffff_ffff_8000_0000)]
    [InlineData("remuw", 0xffff_ffff, 10, 5)]
    public void RegisterInstruction_CornerOperands_GivesArchitecturalResult(string mnemonic, ulong a, ulong b, ulong expected)
    {
        using var machine = new TestMachine();
        machine.Load($"{mnemonic} a2, a0, a1");
        machine.Hart.WriteRegister(10, a);
        machine.Hart.WriteRegister(11, b);
        machine.Run();
        Assert.Equal(expected, machine.Register("a2"));
    }

    [Theory]
    [InlineData("addi a2, a0, -1", 0, Ones)]
    [InlineData("slti a2, a0, -1", Min, 1)]
    [InlineData("sltiu a2, a0, -1", 5, 1)]
    [InlineData("xori a2, a0, -1", 0, Ones)]
    [InlineData("ori a2, a0, -2048", 1, 0xffff_ffff_ffff_f801)]
    [InlineData("andi a2, a0, 255", Ones, 255)]
    [InlineData("slli a2, a0, 63", 3, Min)]
    [InlineData("srli a2, a0, 63", Ones, 1)]
    [InlineData("srai a2, a0, 1", Min, 0xc000_0000_0000_0000)]
    [InlineData("addiw a2, a0, 1", 0x7fff_ffff, 0xffff_ffff_8000_0000)]
    [InlineData("slliw a2, a0, 4", 0x1800_0001, 0xffff_ffff_8000_0010)]
    [InlineData("srliw a2, a0, 4", 0xffff_ffff_8000_0000, 0x0800_0000)]
    [InlineData("sraiw a2, a0, 4", 0x8000_0000, 0xffff_ffff_f800_0000)]
    [InlineData("lui a2, 0x80000", 0, 0xffff_ffff_8000_0000)]
    [InlineData("auipc a2, 1", 0, 0x8000_1000)]
    [InlineData("addi zero, a0, 1\n mv a2, zero", 7, 0)]
    public void ImmediateInstruction_CornerOperands_GivesArchitecturalResult(string instruction, ulong a, ulong expected)
    {
        using var machine = new TestMachine();
        machine.Load(instruction);
        machine.Hart.WriteRegister(10, a);
        machine.Run();
        Assert.Equal(expected, machine.Register("a2"));
    }

    [Theory]
    [InlineData("lb", 0xffff_ffff_ffff_ff88)]
    [InlineData("lbu", 0x88)]
    [InlineData("lh", 0xffff_ffff_ffff_9988)]
    [InlineData("lhu", 0x9988)]
    [InlineData("lw", 0xffff_ffff_bbaa_9988)]
    [InlineData("lwu", 0xbbaa_9988)]
    [InlineData("ld", 0xffee_ddcc_bbaa_9988)]
    public void Load_EachWidthAlignedUnalignedAndAcrossPages_ExtendsAsDefined(string mnemonic, ulong expected)
    {
        using var machine = new TestMachine();
        foreach (ulong address in new ulong[] { 0x8001_0000, 0x8001_0003, 0x8001_0ffd, 0x8001_0fff })
        {
            machine.WriteRam(address, 0xffee_ddcc_bbaa_9988);
            machine.Load($"{mnemonic} a2, 0(a0)\n {mnemonic} a3, 0(a0)");
            machine.Hart.Reset();
            machine.Hart.WriteRegister(10, address);
            machine.Run();
            Assert.Equal(expected, machine.Register("a2"));
            Assert.Equal(expected, machine.Register("a3"));
        }
    }

    [Theory]
    [InlineData("sb", 0x1111_1111_1111_1188)]
    [InlineData("sh", 0x1111_1111_1111_9988)]
    [InlineData("sw", 0x1111_1111_bbaa_9988)]
    [InlineData("sd", 0xffee_ddcc_bbaa_9988)]
    public void Store_EachWidthAlignedUnalignedAndAcrossPages_ChangesOnlyItsBytes(string mnemonic, ulong expected)
    {
        using var machine = new TestMachine();
        foreach (ulong address in new ulong[] { 0x8001_0000, 0x8001_0003, 0x8001_0ffd, 0x8001_0fff })
        {
            machine.WriteRam(address, 0x1111_1111_1111_1111);
            machine.Load($"{mnemonic} a1, 0(a0)\n {mnemonic} a1, 0(a0)");
            machine.Hart.Reset();
            machine.Hart.WriteRegister(10, address);
            machine.Hart.WriteRegister(11, 0xffee_ddcc_bbaa_9988);
            machine.Run();
            Assert.Equal(expected, machine.ReadRam(address));
        }
    }

    [Theory]
    [InlineData("beq", 1, 1, true)]
    [InlineData("beq", 1, 2, false)]
    [InlineData("bne", 1, 2, true)]
    [InlineData("bne", 2, 2, false)]
    [InlineData("blt", Ones, 0, true)]
    [InlineData("blt", 0, 0, false)]
    [InlineData("bge", 0, Ones, true)]
    [InlineData("bge", Ones, 0, false)]
    [InlineData("bltu", 0, Ones, true)]
    [InlineData("bltu", Ones, 0, false)]
    [InlineData("bgeu", Ones, 0, true)]
    [InlineData("bgeu", 0, Ones, false)]
    public void Branch_NearAndFar_IsTakenAsDefined(string mnemonic, ulong a, ulong b, bool taken)
    {
        foreach (string gap in new[] { "nop", ".balign 4096\n nop" })
        {
            using var machine = new TestMachine();
            machine.Load($"""
                {mnemonic} a0, a1, 1f
                li a2, 1
                j done
                .balign 8
                {(gap == "nop" ? gap : ".space 3000")}
                1: li a2, 2
                j done
                """);
            machine.Hart.WriteRegister(10, a);
            machine.Hart.WriteRegister(11, b);
            machine.Run();
            Assert.Equal(taken ? 2UL : 1UL, machine.Register("a2"));
        }
    }

    [Fact]
    public void Jalr_OddTargetAndSameRegister_ClearsBitZeroAndLinksLast()
    {
        using var machine = new TestMachine();
        machine.Run("""
            la a0, 1f
            addi a0, a0, 1
            jalr a0, 0(a0)
            back: j done
            1: mv a1, a0
            j done
            """);
        Assert.Equal(machine.Register("a0"), machine.Register("a1"));
        Assert.Equal(0UL, machine.Register("a1") & 3);
    }
}
