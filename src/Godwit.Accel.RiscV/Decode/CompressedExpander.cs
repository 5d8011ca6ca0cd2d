namespace Godwit.Accel.RiscV;

/// <summary>Expands a 16-bit instruction of the C extension (Zca, Zcd) for RV64 into the 32-bit instruction that it stands for.</summary>
internal static class CompressedExpander
{
    private const uint Load = 0x03;
    private const uint LoadFp = 0x07;
    private const uint OpImm = 0x13;
    private const uint OpImm32 = 0x1b;
    private const uint Store = 0x23;
    private const uint StoreFp = 0x27;
    private const uint OpReg = 0x33;
    private const uint Lui = 0x37;
    private const uint OpReg32 = 0x3b;
    private const uint Ebreak = 0x0010_0073;

    /// <summary>Expands one instruction.</summary>
    /// <param name="c">The 16 bits; the two lowest are not both 1.</param>
    /// <returns>The 32-bit form, or 0 for an illegal encoding.</returns>
    internal static uint Expand(uint c)
    {
        uint funct3 = c >> 13 & 7;
        return (c & 3) switch
        {
            0 => ExpandQuadrant0(c, funct3),
            1 => ExpandQuadrant1(c, funct3),
            _ => ExpandQuadrant2(c, funct3),
        };
    }

    private static uint ExpandQuadrant0(uint c, uint funct3)
    {
        uint rd = 8 + (c >> 2 & 7);
        uint rs1 = 8 + (c >> 7 & 7);
        uint offset4 = (c >> 10 & 7) << 3 | (c >> 6 & 1) << 2 | (c >> 5 & 1) << 6;
        uint offset8 = (c >> 10 & 7) << 3 | (c >> 5 & 3) << 6;
        switch (funct3)
        {
            case 0: // C.ADDI4SPN
                uint stack = (c >> 11 & 3) << 4 | (c >> 7 & 0xf) << 6 | (c >> 6 & 1) << 2 | (c >> 5 & 1) << 3;
                return stack == 0 ? 0 : IType(OpImm, 0, rd, 2, (int)stack);
            case 1:
                return IType(LoadFp, 3, rd, rs1, (int)offset8);
            case 2:
                return IType(Load, 2, rd, rs1, (int)offset4);
            case 3:
                return IType(Load, 3, rd, rs1, (int)offset8);
            case 5:
                return SType(StoreFp, 3, rs1, rd, offset8);
            case 6:
                return SType(Store, 2, rs1, rd, offset4);
            case 7:
                return SType(Store, 3, rs1, rd, offset8);
            default:
                return 0;
        }
    }

    private static uint ExpandQuadrant1(uint c, uint funct3)
    {
        uint rd = c >> 7 & 0x1f;
        int imm6 = SignExtend((c >> 12 & 1) << 5 | c >> 2 & 0x1f, 6);
        switch (funct3)
        {
            case 0:
                return IType(OpImm, 0, rd, rd, imm6);
            case 1: // C.ADDIW
                return rd == 0 ? 0 : IType(OpImm32, 0, rd, rd, imm6);
            case 2:
                return IType(OpImm, 0, rd, 0, imm6);
            case 3 when rd == 2: // C.ADDI16SP
                int stack = SignExtend(
                    (c >> 12 & 1) << 9 | (c >> 6 & 1) << 4 | (c >> 5 & 1) << 6 | (c >> 3 & 3) << 7 | (c >> 2 & 1) << 5, 10);
                return stack == 0 ? 0 : IType(OpImm, 0, 2, 2, stack);
            case 3:
                return imm6 == 0 ? 0 : (uint)imm6 << 12 | rd << 7 | Lui;
            case 4:
                return ExpandArithmetic(c, 8 + (c >> 7 & 7), imm6);
            case 5:
                int jump = SignExtend(
                    (c >> 12 & 1) << 11 | (c >> 11 & 1) << 4 | (c >> 9 & 3) << 8 | (c >> 8 & 1) << 10 | (c >> 7 & 1) << 6
                    | (c >> 6 & 1) << 7 | (c >> 3 & 7) << 1 | (c >> 2 & 1) << 5, 12);
                return JType(0, jump);
            default:
                int branch = SignExtend(
                    (c >> 12 & 1) << 8 | (c >> 10 & 3) << 3 | (c >> 5 & 3) << 6 | (c >> 3 & 3) << 1 | (c >> 2 & 1) << 5, 9);
                return BType(funct3 == 6 ? 0u : 1u, 8 + (c >> 7 & 7), branch);
        }
    }

    private static uint ExpandArithmetic(uint c, uint rd, int imm6)
    {
        uint shift = (uint)imm6 & 0x3f;
        uint rs2 = 8 + (c >> 2 & 7);
        switch (c >> 10 & 3)
        {
            case 0:
                return IType(OpImm, 5, rd, rd, (int)shift);
            case 1:
                return IType(OpImm, 5, rd, rd, (int)(shift | 0x400));
            case 2:
                return IType(OpImm, 7, rd, rd, imm6);
            default:
                return (c >> 12 & 1, c >> 5 & 3) switch
                {
                    (0, 0) => RType(OpReg, 0, 0x20, rd, rd, rs2), // C.SUB
                    (0, 1) => RType(OpReg, 4, 0, rd, rd, rs2), // C.XOR
                    (0, 2) => RType(OpReg, 6, 0, rd, rd, rs2), // C.OR
                    (0, 3) => RType(OpReg, 7, 0, rd, rd, rs2), // C.AND
                    (1, 0) => RType(OpReg32, 0, 0x20, rd, rd, rs2), // C.SUBW
                    (1, 1) => RType(OpReg32, 0, 0, rd, rd, rs2), // C.ADDW
                    _ => 0,
                };
        }
    }

    private static uint ExpandQuadrant2(uint c, uint funct3)
    {
        uint rd = c >> 7 & 0x1f;
        uint rs2 = c >> 2 & 0x1f;
        uint load8 = (c >> 12 & 1) << 5 | (c >> 5 & 3) << 3 | (c >> 2 & 7) << 6;
        uint store8 = (c >> 10 & 7) << 3 | (c >> 7 & 7) << 6;
        switch (funct3)
        {
            case 0:
                return IType(OpImm, 1, rd, rd, (int)((c >> 12 & 1) << 5 | rs2));
            case 1:
                return IType(LoadFp, 3, rd, 2, (int)load8);
            case 2: // C.LWSP
                return rd == 0 ? 0 : IType(Load, 2, rd, 2, (int)((c >> 12 & 1) << 5 | (c >> 4 & 7) << 2 | (c >> 2 & 3) << 6));
            case 3: // C.LDSP
                return rd == 0 ? 0 : IType(Load, 3, rd, 2, (int)load8);
            case 4 when (c >> 12 & 1) == 0:
                if (rs2 != 0)
                    return RType(OpReg, 0, 0, rd, 0, rs2); // C.MV
                return rd == 0 ? 0 : IType(0x67, 0, 0, rd, 0); // C.JR
            case 4:
                if (rs2 != 0)
                    return RType(OpReg, 0, 0, rd, rd, rs2); // C.ADD
                return rd == 0 ? Ebreak : IType(0x67, 0, 1, rd, 0); // C.EBREAK, C.JALR
            case 5:
                return SType(StoreFp, 3, 2, rs2, store8);
            case 6:
                return SType(Store, 2, 2, rs2, (c >> 9 & 0xf) << 2 | (c >> 7 & 3) << 6);
            default:
                return SType(Store, 3, 2, rs2, store8);
        }
    }

    private static int SignExtend(uint value, int bits) => (int)(value << 32 - bits) >> 32 - bits;

    private static uint RType(uint opcode, uint funct3, uint funct7, uint rd, uint rs1, uint rs2) =>
        funct7 << 25 | rs2 << 20 | rs1 << 15 | funct3 << 12 | rd << 7 | opcode;

    private static uint IType(uint opcode, uint funct3, uint rd, uint rs1, int immediate) =>
        (uint)immediate << 20 | rs1 << 15 | funct3 << 12 | rd << 7 | opcode;

    private static uint SType(uint opcode, uint funct3, uint rs1, uint rs2, uint immediate) =>
        (immediate >> 5 & 0x7f) << 25 | rs2 << 20 | rs1 << 15 | funct3 << 12 | (immediate & 0x1f) << 7 | opcode;

    private static uint BType(uint funct3, uint rs1, int offset)
    {
        uint o = (uint)offset;
        return (o >> 12 & 1) << 31 | (o >> 5 & 0x3f) << 25 | rs1 << 15 | funct3 << 12 | (o >> 1 & 0xf) << 8 | (o >> 11 & 1) << 7 | 0x63;
    }

    private static uint JType(uint rd, int offset)
    {
        uint o = (uint)offset;
        return (o >> 20 & 1) << 31 | (o >> 1 & 0x3ff) << 21 | (o >> 11 & 1) << 20 | (o >> 12 & 0xff) << 12 | rd << 7 | 0x6f;
    }
}
