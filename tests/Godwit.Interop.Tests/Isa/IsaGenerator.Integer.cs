namespace Godwit.Interop.Tests;

/// <content>RV64IMA and its 16-bit forms, and encodings that do not exist.</content>
internal sealed partial class IsaGenerator
{
    private static uint R(uint opcode, uint funct3, uint funct7, int rd, int rs1, int rs2) =>
        (funct7 << 25) | ((uint)rs2 << 20) | ((uint)rs1 << 15) | (funct3 << 12) | ((uint)rd << 7) | opcode;

    private static uint I(uint opcode, uint funct3, int rd, int rs1, int immediate) =>
        ((uint)immediate << 20) | ((uint)rs1 << 15) | (funct3 << 12) | ((uint)rd << 7) | opcode;

    private static uint S(uint opcode, uint funct3, int rs1, int rs2, int immediate) =>
        ((uint)(immediate >> 5) << 25) | ((uint)rs2 << 20) | ((uint)rs1 << 15) | (funct3 << 12) | ((uint)(immediate & 31) << 7) | opcode;

    private static uint B(uint funct3, int rs1, int rs2, int offset) =>
        ((uint)(offset >> 12 & 1) << 31) | ((uint)(offset >> 5 & 0x3f) << 25) | ((uint)rs2 << 20) | ((uint)rs1 << 15) | (funct3 << 12)
        | ((uint)(offset >> 1 & 0xf) << 8) | ((uint)(offset >> 11 & 1) << 7) | 0x63;

    private static uint J(int rd, int offset) =>
        ((uint)(offset >> 20 & 1) << 31) | ((uint)(offset >> 1 & 0x3ff) << 21) | ((uint)(offset >> 11 & 1) << 20)
        | ((uint)(offset >> 12 & 0xff) << 12) | ((uint)rd << 7) | 0x6f;

    private void Integer()
    {
        switch (_values.Below(20))
        {
            case < 6:
                RegisterOperation();
                break;
            case < 10:
                ImmediateOperation();
                break;
            case < 12:
                Load(Pointer());
                break;
            case 12:
                Load(_values.Chance(15) ? Source() : Pointer());
                break;
            case < 15:
                Store(Pointer());
                break;
            case < 17:
                Atomic(Pointer());
                break;
            case 17:
                Branch();
                break;
            case 18:
                Jump();
                break;
            default:
                Word((_values.Chance(50) ? 0x37u : 0x17u) | ((uint)Target() << 7) | ((uint)_values.Next() << 12), "lui/auipc");
                break;
        }
    }

    private void RegisterOperation()
    {
        uint funct3 = (uint)_values.Below(8);
        bool word = _values.Chance(35);
        uint funct7 = _values.Pick<uint>(0, 1, 1, 0x20);
        if (funct7 == 0x20 && funct3 is not (0 or 5))
            funct7 = 0;
        if (word && funct7 == 0 && funct3 is not (0 or 1 or 5))
            funct3 = 0;
        if (word && funct7 == 1 && funct3 is 1 or 2 or 3)
            funct3 += 4;
        Word(R(word ? 0x3bu : 0x33u, funct3, funct7, Target(), Source(), Source()), "op");
    }

    private void ImmediateOperation()
    {
        uint funct3 = (uint)_values.Below(8);
        bool word = _values.Chance(30);
        int immediate = _values.Chance(40) ? _values.Pick(0, 1, -1, 2047, -2048) : _values.Below(4096) - 2048;
        if (word && funct3 is not (0 or 1 or 5))
            funct3 = 0;
        if (funct3 is 1 or 5)
        {
            immediate = _values.Below(word ? 32 : 64);
            if (funct3 == 5 && _values.Chance(50))
                immediate |= 0x400;
        }

        Word(I(word ? 0x1bu : 0x13u, funct3, Target(), Source(), immediate), "op-imm");
    }

    private void Load(int pointer) => Word(I(0x03, (uint)_values.Below(7), Target(), pointer, Offset()), "load");

    /// <summary>What is stored: zeros only where the program also jumps into data, so that it never runs what it wrote.</summary>
    private int StoreData() => _fetchesData ? 0 : Source();

    private void Store(int pointer) => Word(S(0x23, (uint)_values.Below(4), pointer, StoreData(), Offset()), "store");

    private void Atomic(int pointer)
    {
        // Mostly aligned: a copy of the pointer, stripped of low bits.
        int address = pointer;
        if (_hasWriteOnly || _values.Chance(80))
        {
            address = _values.Pick(5, 6, 7);
            Word(I(0x13, 7, address, pointer, _hasWriteOnly ? -8 : _values.Pick(-8, -8, -4)), "andi");
        }

        uint width = 2 + (uint)_values.Below(2);
        uint order = (uint)_values.Below(4);
        if (_values.Chance(35))
        {
            Word(R(0x2f, width, (2 << 2) | order, Target(), address, 0), "lr");
            if (_values.Chance(30))
                Integer1();
            uint storeWidth = _values.Chance(90) ? width : 5 - width;
            Word(R(0x2f, storeWidth, (3 << 2) | order, Target(), _hasWriteOnly || _values.Chance(90) ? address : pointer, StoreData()), "sc");
            return;
        }

        uint operation = _values.Pick<uint>(0, 1, 4, 8, 12, 16, 20, 24, 28, 3);
        Word(R(0x2f, width, (operation << 2) | order, Target(), address, StoreData()), "amo");
    }

    private void Integer1()
    {
        switch (_values.Below(5))
        {
            case < 2:
                RegisterOperation();
                break;
            case < 4:
                Store(Pointer());
                break;
            default:
                Return();
                break;
        }
    }

    private void Branch()
    {
        int at = _program.Length;
        bool compressed = _values.Chance(30);
        bool jump = _values.Chance(30);
        int rs1 = compressed ? 8 + _values.Below(8) : Source();
        int rs2 = Source();
        uint funct3 = _values.Pick<uint>(0, 1, 4, 5, 6, 7);
        int rd = Target();
        Emit(4);
        for (int i = 1 + _values.Below(3); i > 0; i--)
            Mix(40, 20, 0, 30, 10);
        int listed = _program.Listing.Count;
        _program.Patch(at, Instruction(_program.Length - at));
        _program.Listing.Insert(listed, FormattableString.Invariant($"(branch at {_program.CodeAddress + (ulong)at:x} comes here)"));

        void Emit(int offset) => Word(Instruction(offset), "branch");

        uint Instruction(int offset)
        {
            if (!compressed)
                return jump ? J(rd, offset) : B(funct3, rs1, rs2, offset);
            if (jump)
            {
                return 0xa001u | ((uint)(offset >> 11 & 1) << 12) | ((uint)(offset >> 4 & 1) << 11) | ((uint)(offset >> 8 & 3) << 9)
                    | ((uint)(offset >> 10 & 1) << 8) | ((uint)(offset >> 6 & 1) << 7) | ((uint)(offset >> 7 & 1) << 6)
                    | ((uint)(offset >> 1 & 7) << 3) | ((uint)(offset >> 5 & 1) << 2);
            }

            return (funct3 % 2 == 0 ? 0xc001u : 0xe001u) | ((uint)(offset >> 8 & 1) << 12) | ((uint)(offset >> 3 & 3) << 10)
                | ((uint)(rs1 - 8) << 7) | ((uint)(offset >> 6 & 3) << 5) | ((uint)(offset >> 1 & 3) << 3) | ((uint)(offset >> 5 & 1) << 2);
        }
    }

    /// <summary>A call: to the instruction after it, by a register whose lowest bit may be set, or to an address that faults.</summary>
    private void Jump()
    {
        if (_values.Chance(50))
        {
            int register = _values.Pick(5, 6, 7);
            Word(0x17u | ((uint)register << 7), "auipc");
            Word(I(0x67, 0, Target(), register, 8 + _values.Below(2)), "jalr");
            return;
        }

        int faulting = Constant(FaultingAddress());
        if (faulting < 0)
            return;
        if (_values.Chance(30))
            Word(0x9002u | ((uint)faulting << 7), "c.jalr (fault)");
        else
            Word(I(0x67, 0, 1, faulting, 0), "jalr (fault)");
    }

    /// <summary>An address where no instruction can be executed.</summary>
    private ulong FaultingAddress() => _values.Below(5) switch
    {
        0 => 0x9000_0000,
        1 => 0x2000_0000_0000_0000 | _values.Next() << 20,
        2 => IsaLayout.Ram + (ulong)IsaLayout.RamBytes,
        3 => (ulong)_values.Below(4096),
        _ => _values.Next() | 0x1000_0000_0000,
    };

    private void Compressed()
    {
        uint c = (uint)_values.Next() & 0xffff;
        uint quadrant = (uint)_values.Below(3);
        uint funct3 = c >> 13;
        c = (c & ~3u) | quadrant;
        int high = (int)(c >> 7 & 31);
        int low = 8 + (int)(c >> 2 & 7);
        int middle = 8 + (int)(c >> 7 & 7);
        switch (quadrant, funct3)
        {
            case (0, 0) when !IsTarget(low):
            case (0, 2 or 3) when !IsTarget(low):
                return;
            case (1, 5 or 6 or 7):
            case (0 or 2, 5 or 6 or 7) when _fetchesData:
                return;
            case (0, 1 or 2 or 3 or 5 or 6 or 7):
                c = (c & ~0x380u) | ((uint)_values.Below(2) << 7); // base s0 or s1
                break;
            case (1, 3) when high == 2: // c.addi16sp: the stack pointer may step once
                if (_values.Chance(80))
                    return;
                break;
            case (1, 4) when !IsTarget(middle):
            case (1, 0 or 1 or 2 or 3) when !IsTarget(high):
            case (2, 0 or 2 or 3) when !IsTarget(high):
                return;
            case (2, 4):
                bool isJump = (c & 0x7c) == 0 && high != 0;
                if (isJump || (!IsTarget(high) && (c & 0x7c) != 0))
                    return;
                break;
        }

        Word(c, "compressed");
    }

    /// <summary>Reserved encodings of every major opcode, and the odd valid one.</summary>
    private void Odd()
    {
        uint word = (uint)_values.Next() | 3;
        uint major = word & 0x7f;
        if (_values.Chance(60))
            major = _values.Pick<uint>(0x03, 0x07, 0x0f, 0x13, 0x1b, 0x23, 0x27, 0x2f, 0x33, 0x3b, 0x43, 0x47, 0x4b, 0x4f, 0x53, 0x63, 0x67, 0x73, 0x57, 0x0b, 0x2b, 0x5b, 0x7b);
        word = (word & ~0x7fu) | major;
        uint funct3 = word >> 12 & 7;
        bool isFloat = major is 0x07 or 0x43 or 0x47 or 0x4b or 0x4f;
        switch (major)
        {
            case 0x63:
                word = (word & ~0x7000u) | (uint)(2 + _values.Below(2)) << 12;
                break;
            case 0x67:
                word |= funct3 == 0 ? 0x1000u : 0;
                break;
            case 0x6f:
                return;
            case 0x23 or 0x27 or 0x2f:
                word = (word & ~(31u << 15)) | ((uint)Pointer() << 15);
                break;
            case 0x73:
                word &= 0xffff_8fff | (_values.Chance(20) ? 0x4000u : 0);
                if (word is 0x3020_0073 or 0x1020_0073 or 0x1050_0073)
                    return;
                break;
        }

        if (major is not (0x23 or 0x27 or 0x63) && !isFloat && !IsTarget((int)(word >> 7 & 31)))
            word &= ~0xf80u;
        Word(word, "odd");
    }
}
