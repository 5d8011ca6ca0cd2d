namespace Godwit.Accel.RiscV;

/// <summary>
/// What a decoded record does: the case labels of the interpreter's switch. Numbers are private to the process.
/// </summary>
/// <remarks>
/// "Near" branches and jumps stay inside their page, so that the interpreter moves its record pointer without looking an address up.
/// </remarks>
internal static class Op
{
    // Not instructions.
    internal const byte Undecoded = 0;
    internal const byte PageEnd = 1;
    internal const byte Straddle = 2;
    internal const byte Illegal = 3;
    internal const byte Nop = 4;

    // Jumps and branches.
    internal const byte JumpNear = 5;
    internal const byte JumpFar = 6;
    internal const byte JalNear = 7;
    internal const byte JalFar = 8;
    internal const byte Jalr = 9;
    internal const byte BeqNear = 10;
    internal const byte BneNear = 11;
    internal const byte BltNear = 12;
    internal const byte BgeNear = 13;
    internal const byte BltuNear = 14;
    internal const byte BgeuNear = 15;
    internal const byte BeqFar = 16;
    internal const byte BneFar = 17;
    internal const byte BltFar = 18;
    internal const byte BgeFar = 19;
    internal const byte BltuFar = 20;
    internal const byte BgeuFar = 21;

    // Loads and stores.
    internal const byte Lb = 22;
    internal const byte Lh = 23;
    internal const byte Lw = 24;
    internal const byte Ld = 25;
    internal const byte Lbu = 26;
    internal const byte Lhu = 27;
    internal const byte Lwu = 28;
    internal const byte Sb = 29;
    internal const byte Sh = 30;
    internal const byte Sw = 31;
    internal const byte Sd = 32;

    // Register and immediate.
    internal const byte Li = 33;
    internal const byte Auipc = 34;
    internal const byte Mv = 35;
    internal const byte Addi = 36;
    internal const byte Slti = 37;
    internal const byte Sltiu = 38;
    internal const byte Xori = 39;
    internal const byte Ori = 40;
    internal const byte Andi = 41;
    internal const byte Slli = 42;
    internal const byte Srli = 43;
    internal const byte Srai = 44;
    internal const byte Addiw = 45;
    internal const byte Slliw = 46;
    internal const byte Srliw = 47;
    internal const byte Sraiw = 48;

    // Register and register.
    internal const byte Add = 49;
    internal const byte Sub = 50;
    internal const byte Sll = 51;
    internal const byte Slt = 52;
    internal const byte Sltu = 53;
    internal const byte Xor = 54;
    internal const byte Srl = 55;
    internal const byte Sra = 56;
    internal const byte Or = 57;
    internal const byte And = 58;
    internal const byte Addw = 59;
    internal const byte Subw = 60;
    internal const byte Sllw = 61;
    internal const byte Srlw = 62;
    internal const byte Sraw = 63;
    internal const byte Mul = 64;
    internal const byte Mulh = 65;
    internal const byte Mulhsu = 66;
    internal const byte Mulhu = 67;
    internal const byte Div = 68;
    internal const byte Divu = 69;
    internal const byte Rem = 70;
    internal const byte Remu = 71;
    internal const byte Mulw = 72;
    internal const byte Divw = 73;
    internal const byte Divuw = 74;
    internal const byte Remw = 75;
    internal const byte Remuw = 76;

    // Atomics and fences.
    internal const byte LrW = 77;
    internal const byte LrD = 78;
    internal const byte ScW = 79;
    internal const byte ScD = 80;
    internal const byte AmoW = 81;
    internal const byte AmoD = 82;
    internal const byte Fence = 83;
    internal const byte FenceI = 84;

    // System.
    internal const byte Ecall = 85;
    internal const byte Ebreak = 86;
    internal const byte Mret = 87;
    internal const byte Sret = 88;
    internal const byte Wfi = 89;
    internal const byte SfenceVma = 90;
    internal const byte Csr = 91;

    // Floating point. FpArithmetic carries the instruction word.
    internal const byte Flw = 92;
    internal const byte Fld = 93;
    internal const byte Fsw = 94;
    internal const byte Fsd = 95;
    internal const byte FpArithmetic = 96;
}
