namespace Godwit.Accel.RiscV;

/// <summary>Turns the bits of one instruction into a <see cref="Record"/>.</summary>
/// <remarks>
/// The decoder knows the whole instruction set of the contract CPU: RV64IMAFDC, Zicsr, Zifencei and the privileged instructions.
/// Everything else becomes <see cref="Op.Illegal"/>. Whether a CSR exists, and whether an FP encoding is valid, is decided at execution.
/// docs/cpu.md says how to add an instruction.
/// </remarks>
internal static class InstructionDecoder
{
    /// <summary>Records in a page: one per 16-bit parcel.</summary>
    internal const int SlotsPerPage = 2048;

    /// <summary>Decodes one instruction.</summary>
    /// <param name="bits">The instruction; for a 16-bit one the upper half is ignored.</param>
    /// <param name="slot">Which parcel of its page it starts at; decides whether a branch is near.</param>
    /// <param name="allowNear">Whether near branches may be used.</param>
    /// <returns>The record.</returns>
    internal static ulong Decode(uint bits, int slot, bool allowNear)
    {
        if ((bits & 3) == 3)
            return Decode32(bits, bits, 2, slot, allowNear);
        bits &= 0xffff;
        uint expanded = CompressedExpander.Expand(bits);
        return expanded == 0 ? Illegal(bits, 1) : Decode32(expanded, bits, 1, slot, allowNear);
    }

    private static ulong Decode32(uint i, uint original, int parcels, int slot, bool allowNear)
    {
        int rd = (int)(i >> 7 & 0x1f);
        int rs1 = (int)(i >> 15 & 0x1f);
        int rs2 = (int)(i >> 20 & 0x1f);
        int funct3 = (int)(i >> 12 & 7);
        int immediateI = (int)i >> 20;
        int target = rd == 0 ? Record.Sink : rd;
        switch (i & 0x7f)
        {
            case 0x03:
                return funct3 == 7 ? Illegal(original, parcels)
                    : Record.Pack((byte)(Op.Lb + funct3), target, rs1, 0, parcels, immediateI);
            case 0x07:
                return funct3 is 2 or 3
                    ? Record.Pack(funct3 == 2 ? Op.Flw : Op.Fld, rd, rs1, 0, parcels, immediateI) : Illegal(original, parcels);
            case 0x0f:
                return funct3 switch
                {
                    0 => Record.Pack(Op.Fence, 0, 0, 0, parcels, 0),
                    1 => Record.Pack(Op.FenceI, 0, 0, 0, parcels, 0),
                    _ => Illegal(original, parcels),
                };
            case 0x13:
                return DecodeImmediate(i, original, target, parcels);
            case 0x17:
                return rd == 0 ? Nop(parcels) : Record.Pack(Op.Auipc, rd, 0, 0, parcels, (int)(i & 0xffff_f000));
            case 0x1b:
                return DecodeImmediate32(i, original, target, parcels);
            case 0x23:
                return funct3 > 3 ? Illegal(original, parcels)
                    : Record.Pack((byte)(Op.Sb + funct3), 0, rs1, rs2, parcels, StoreOffset(i));
            case 0x27:
                return funct3 is 2 or 3
                    ? Record.Pack(funct3 == 2 ? Op.Fsw : Op.Fsd, 0, rs1, rs2, parcels, StoreOffset(i)) : Illegal(original, parcels);
            case 0x2f:
                return DecodeAtomic(i, original, target, parcels);
            case 0x33:
                return DecodeRegister(i, original, target, parcels);
            case 0x37:
                return rd == 0 ? Nop(parcels) : Record.Pack(Op.Li, rd, 0, 0, parcels, (int)(i & 0xffff_f000));
            case 0x3b:
                return DecodeRegister32(i, original, target, parcels);
            case 0x43 or 0x47 or 0x4b or 0x4f or 0x53:
                return Record.Pack(Op.FpArithmetic, target, rs1, rs2, parcels, (int)i);
            case 0x63:
                return DecodeBranch(i, original, parcels, slot, allowNear);
            case 0x67:
                return funct3 != 0 ? Illegal(original, parcels) : Record.Pack(Op.Jalr, target, rs1, 0, parcels, immediateI);
            case 0x6f:
                return DecodeJump(i, rd, parcels, slot, allowNear);
            case 0x73:
                return DecodeSystem(i, original, target, parcels);
            default:
                return Illegal(original, parcels);
        }
    }

    private static ulong DecodeImmediate(uint i, uint original, int target, int parcels)
    {
        int rs1 = (int)(i >> 15 & 0x1f);
        int immediate = (int)i >> 20;
        int shift = (int)(i >> 20 & 0x3f);
        uint upper = i >> 26;
        (byte op, int operand) = (i >> 12 & 7, upper) switch
        {
            (0, _) => (rs1 == 0 ? Op.Li : immediate == 0 ? Op.Mv : Op.Addi, immediate),
            (1, 0) => (Op.Slli, shift),
            (2, _) => (Op.Slti, immediate),
            (3, _) => (Op.Sltiu, immediate),
            (4, _) => (Op.Xori, immediate),
            (5, 0) => (Op.Srli, shift),
            (5, 0x10) => (Op.Srai, shift),
            (6, _) => (Op.Ori, immediate),
            (7, _) => (Op.Andi, immediate),
            _ => (Op.Illegal, 0),
        };
        if (op == Op.Illegal)
            return Illegal(original, parcels);
        return target == Record.Sink ? Nop(parcels) : Record.Pack(op, target, rs1, 0, parcels, operand);
    }

    private static ulong DecodeImmediate32(uint i, uint original, int target, int parcels)
    {
        int shift = (int)(i >> 20 & 0x1f);
        (byte op, int operand) = (i >> 12 & 7, i >> 25) switch
        {
            (0, _) => (Op.Addiw, (int)i >> 20),
            (1, 0) => (Op.Slliw, shift),
            (5, 0) => (Op.Srliw, shift),
            (5, 0x20) => (Op.Sraiw, shift),
            _ => (Op.Illegal, 0),
        };
        if (op == Op.Illegal)
            return Illegal(original, parcels);
        return target == Record.Sink ? Nop(parcels) : Record.Pack(op, target, (int)(i >> 15 & 0x1f), 0, parcels, operand);
    }

    private static ulong DecodeRegister(uint i, uint original, int target, int parcels)
    {
        int rs1 = (int)(i >> 15 & 0x1f);
        int rs2 = (int)(i >> 20 & 0x1f);
        uint funct3 = i >> 12 & 7;
        byte op = (i >> 25) switch
        {
            0 => (byte)(Op.Add + (funct3 switch { 0 => 0, 1 => 2, 2 => 3, 3 => 4, 4 => 5, 5 => 6, 6 => 8, _ => 9 })),
            0x20 when funct3 == 0 => Op.Sub,
            0x20 when funct3 == 5 => Op.Sra,
            1 => (byte)(Op.Mul + funct3),
            _ => Op.Illegal,
        };
        if (op == Op.Illegal)
            return Illegal(original, parcels);
        if (target == Record.Sink)
            return Nop(parcels);
        return op == Op.Add && rs1 == 0
            ? Record.Pack(Op.Mv, target, rs2, 0, parcels, 0) : Record.Pack(op, target, rs1, rs2, parcels, 0);
    }

    private static ulong DecodeRegister32(uint i, uint original, int target, int parcels)
    {
        byte op = (i >> 25, i >> 12 & 7) switch
        {
            (0, 0) => Op.Addw,
            (0x20, 0) => Op.Subw,
            (0, 1) => Op.Sllw,
            (0, 5) => Op.Srlw,
            (0x20, 5) => Op.Sraw,
            (1, 0) => Op.Mulw,
            (1, 4) => Op.Divw,
            (1, 5) => Op.Divuw,
            (1, 6) => Op.Remw,
            (1, 7) => Op.Remuw,
            _ => Op.Illegal,
        };
        if (op == Op.Illegal)
            return Illegal(original, parcels);
        return target == Record.Sink
            ? Nop(parcels) : Record.Pack(op, target, (int)(i >> 15 & 0x1f), (int)(i >> 20 & 0x1f), parcels, 0);
    }

    private static ulong DecodeAtomic(uint i, uint original, int target, int parcels)
    {
        int rs1 = (int)(i >> 15 & 0x1f);
        int rs2 = (int)(i >> 20 & 0x1f);
        uint funct3 = i >> 12 & 7;
        uint funct5 = i >> 27;
        if (funct3 is not (2 or 3))
            return Illegal(original, parcels);
        bool isDouble = funct3 == 3;
        switch (funct5)
        {
            case 2:
                return rs2 != 0 ? Illegal(original, parcels)
                    : Record.Pack(isDouble ? Op.LrD : Op.LrW, target, rs1, 0, parcels, 0);
            case 3:
                return Record.Pack(isDouble ? Op.ScD : Op.ScW, target, rs1, rs2, parcels, 0);
            case 0 or 1 or 4 or 8 or 12 or 16 or 20 or 24 or 28:
                return Record.Pack(isDouble ? Op.AmoD : Op.AmoW, target, rs1, rs2, parcels, (int)funct5);
            default:
                return Illegal(original, parcels);
        }
    }

    private static ulong DecodeBranch(uint i, uint original, int parcels, int slot, bool allowNear)
    {
        int funct3 = (int)(i >> 12 & 7);
        if (funct3 is 2 or 3)
            return Illegal(original, parcels);
        int offset = (int)((i >> 8 & 0xf) << 1 | (i >> 25 & 0x3f) << 5 | (i >> 7 & 1) << 11) | (int)i >> 31 << 12;
        int kind = funct3 < 2 ? funct3 : funct3 - 2;
        int rs1 = (int)(i >> 15 & 0x1f);
        int rs2 = (int)(i >> 20 & 0x1f);
        return IsNear(slot, offset, allowNear)
            ? Record.Pack((byte)(Op.BeqNear + kind), 0, rs1, rs2, parcels, NearImmediate(offset, parcels))
            : Record.Pack((byte)(Op.BeqFar + kind), 0, rs1, rs2, parcels, offset);
    }

    private static ulong DecodeJump(uint i, int rd, int parcels, int slot, bool allowNear)
    {
        int offset = (int)((i >> 21 & 0x3ff) << 1 | (i >> 20 & 1) << 11 | (i >> 12 & 0xff) << 12) | (int)i >> 31 << 20;
        bool near = IsNear(slot, offset, allowNear);
        byte op = rd == 0 ? (near ? Op.JumpNear : Op.JumpFar) : (near ? Op.JalNear : Op.JalFar);
        return Record.Pack(op, rd, 0, 0, parcels, near ? NearImmediate(offset, parcels) : offset);
    }

    private static ulong DecodeSystem(uint i, uint original, int target, int parcels)
    {
        uint funct3 = i >> 12 & 7;
        if (funct3 is not (0 or 4))
            return Record.Pack(Op.Csr, target, (int)(i >> 15 & 0x1f), 0, parcels, (int)i);
        byte op = i switch
        {
            0x0000_0073 => Op.Ecall,
            0x0010_0073 => Op.Ebreak,
            0x1020_0073 => Op.Sret,
            0x3020_0073 => Op.Mret,
            0x1050_0073 => Op.Wfi,
            _ when (i & 0xfe00_7fff) == 0x1200_0073 => Op.SfenceVma,
            _ => Op.Illegal,
        };
        return op == Op.Illegal ? Illegal(original, parcels) : Record.Pack(op, 0, 0, 0, parcels, (int)original);
    }

    private static int StoreOffset(uint i) => (int)(i >> 7 & 0x1f) | (int)i >> 25 << 5;

    // A near branch stays in the page; its immediate counts records from the one that follows the branch.
    private static bool IsNear(int slot, int offset, bool allowNear) =>
        allowNear && (uint)(slot + (offset >> 1)) < SlotsPerPage;

    private static int NearImmediate(int offset, int parcels) => (offset >> 1) - parcels;

    private static ulong Nop(int parcels) => Record.Pack(Op.Nop, 0, 0, 0, parcels, 0);

    private static ulong Illegal(uint bits, int parcels) => Record.Pack(Op.Illegal, 0, 0, 0, parcels, (int)bits);
}
