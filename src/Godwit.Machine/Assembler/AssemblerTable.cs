using System.Collections.Frozen;
using System.Globalization;

namespace Godwit.Machine;

/// <summary>
/// The instructions of RV64IMAC, Zicsr and Zifencei as a text table: mnemonic, operands, fixed bits.
/// </summary>
/// <remarks>
/// Register operands: <c>rd rs1 rs2</c> at bits 7, 15, 20; in 16-bit forms <c>d7 r2</c> any register at that bit, <c>q7 q2</c> one of x8..x15,
/// <c>sp</c> only the stack pointer. All other words are immediates of <see cref="Fields"/>.
/// </remarks>
internal static class AssemblerTable
{
    private const string Rows = """
        lui rd,u20 00000037
        auipc rd,u20 00000017
        jal rd,j21 0000006f
        jalr rd,i12(rs1) 00000067
        beq rs1,rs2,b13 00000063
        bne rs1,rs2,b13 00001063
        blt rs1,rs2,b13 00004063
        bge rs1,rs2,b13 00005063
        bltu rs1,rs2,b13 00006063
        bgeu rs1,rs2,b13 00007063
        lb rd,i12(rs1) 00000003
        lh rd,i12(rs1) 00001003
        lw rd,i12(rs1) 00002003
        ld rd,i12(rs1) 00003003
        lbu rd,i12(rs1) 00004003
        lhu rd,i12(rs1) 00005003
        lwu rd,i12(rs1) 00006003
        sb rs2,s12(rs1) 00000023
        sh rs2,s12(rs1) 00001023
        sw rs2,s12(rs1) 00002023
        sd rs2,s12(rs1) 00003023
        addi rd,rs1,i12 00000013
        slti rd,rs1,i12 00002013
        sltiu rd,rs1,i12 00003013
        xori rd,rs1,i12 00004013
        ori rd,rs1,i12 00006013
        andi rd,rs1,i12 00007013
        slli rd,rs1,sh6 00001013
        srli rd,rs1,sh6 00005013
        srai rd,rs1,sh6 40005013
        add rd,rs1,rs2 00000033
        sub rd,rs1,rs2 40000033
        sll rd,rs1,rs2 00001033
        slt rd,rs1,rs2 00002033
        sltu rd,rs1,rs2 00003033
        xor rd,rs1,rs2 00004033
        srl rd,rs1,rs2 00005033
        sra rd,rs1,rs2 40005033
        or rd,rs1,rs2 00006033
        and rd,rs1,rs2 00007033
        addiw rd,rs1,i12 0000001b
        slliw rd,rs1,sh5 0000101b
        srliw rd,rs1,sh5 0000501b
        sraiw rd,rs1,sh5 4000501b
        addw rd,rs1,rs2 0000003b
        subw rd,rs1,rs2 4000003b
        sllw rd,rs1,rs2 0000103b
        srlw rd,rs1,rs2 0000503b
        sraw rd,rs1,rs2 4000503b
        fence pred,succ 0000000f
        fence.i - 0000100f
        ecall - 00000073
        ebreak - 00100073
        sret - 10200073
        mret - 30200073
        wfi - 10500073
        sfence.vma rs1,rs2 12000073
        csrrw rd,csr,rs1 00001073
        csrrs rd,csr,rs1 00002073
        csrrc rd,csr,rs1 00003073
        csrrwi rd,csr,z5 00005073
        csrrsi rd,csr,z5 00006073
        csrrci rd,csr,z5 00007073
        mul rd,rs1,rs2 02000033
        mulh rd,rs1,rs2 02001033
        mulhsu rd,rs1,rs2 02002033
        mulhu rd,rs1,rs2 02003033
        div rd,rs1,rs2 02004033
        divu rd,rs1,rs2 02005033
        rem rd,rs1,rs2 02006033
        remu rd,rs1,rs2 02007033
        mulw rd,rs1,rs2 0200003b
        divw rd,rs1,rs2 0200403b
        divuw rd,rs1,rs2 0200503b
        remw rd,rs1,rs2 0200603b
        remuw rd,rs1,rs2 0200703b
        lr.w rd,(rs1) 1000202f
        lr.d rd,(rs1) 1000302f
        sc.w rd,rs2,(rs1) 1800202f
        sc.d rd,rs2,(rs1) 1800302f
        amoswap.w rd,rs2,(rs1) 0800202f
        amoadd.w rd,rs2,(rs1) 0000202f
        amoxor.w rd,rs2,(rs1) 2000202f
        amoand.w rd,rs2,(rs1) 6000202f
        amoor.w rd,rs2,(rs1) 4000202f
        amomin.w rd,rs2,(rs1) 8000202f
        amomax.w rd,rs2,(rs1) a000202f
        amominu.w rd,rs2,(rs1) c000202f
        amomaxu.w rd,rs2,(rs1) e000202f
        amoswap.d rd,rs2,(rs1) 0800302f
        amoadd.d rd,rs2,(rs1) 0000302f
        amoxor.d rd,rs2,(rs1) 2000302f
        amoand.d rd,rs2,(rs1) 6000302f
        amoor.d rd,rs2,(rs1) 4000302f
        amomin.d rd,rs2,(rs1) 8000302f
        amomax.d rd,rs2,(rs1) a000302f
        amominu.d rd,rs2,(rs1) c000302f
        amomaxu.d rd,rs2,(rs1) e000302f
        c.addi4spn q2,sp,c4spn 0000
        c.lw q2,clw(q7) 4000
        c.ld q2,cld(q7) 6000
        c.sw q2,clw(q7) c000
        c.sd q2,cld(q7) e000
        c.nop - 0001
        c.addi d7,ci6n 0001
        c.addiw d7,ci6 2001
        c.li d7,ci6 4001
        c.addi16sp sp,c16sp 6101
        c.lui d7,clui 6001
        c.srli q7,csh6 8001
        c.srai q7,csh6 8401
        c.andi q7,ci6 8801
        c.sub q7,q2 8c01
        c.xor q7,q2 8c21
        c.or q7,q2 8c41
        c.and q7,q2 8c61
        c.subw q7,q2 9c01
        c.addw q7,q2 9c21
        c.j cj12 a001
        c.beqz q7,cb9 c001
        c.bnez q7,cb9 e001
        c.slli d7,csh6 0002
        c.lwsp d7,clwsp(sp) 4002
        c.ldsp d7,cldsp(sp) 6002
        c.jr d7 8002
        c.mv d7,r2 8002
        c.ebreak - 9002
        c.jalr d7 9002
        c.add d7,r2 9002
        c.swsp r2,cswsp(sp) c002
        c.sdsp r2,csdsp(sp) e002
        """;

    /// <summary>Immediate kinds by the name used in the rows.</summary>
    public static readonly FrozenDictionary<string, BitField> Fields = new Dictionary<string, BitField>(StringComparer.Ordinal)
    {
        ["i12"] = new(-2048, 2047, 1, "11:0@20"),
        ["s12"] = new(-2048, 2047, 1, "11:5@25 4:0@7"),
        ["b13"] = new(-4096, 4095, 2, "12@31 10:5@25 4:1@8 11@7", isPcRelative: true),
        ["u20"] = new(0, 0xfffff, 1, "19:0@12"),
        ["j21"] = new(-(1 << 20), (1 << 20) - 1, 2, "20@31 10:1@21 11@20 19:12@12", isPcRelative: true),
        ["sh6"] = new(0, 63, 1, "5:0@20"),
        ["sh5"] = new(0, 31, 1, "4:0@20"),
        ["z5"] = new(0, 31, 1, "4:0@15"),
        ["csr"] = new(0, 0xfff, 1, "11:0@20"),
        ["pred"] = new(0, 15, 1, "3:0@24"),
        ["succ"] = new(0, 15, 1, "3:0@20"),
        ["c4spn"] = new(4, 1020, 4, "5:4@11 9:6@7 2@6 3@5"),
        ["clw"] = new(0, 124, 4, "5:3@10 2@6 6@5"),
        ["cld"] = new(0, 248, 8, "5:3@10 7:6@5"),
        ["ci6"] = new(-32, 31, 1, "5@12 4:0@2"),
        ["ci6n"] = new(-32, 31, 1, "5@12 4:0@2", isNonZero: true),
        ["c16sp"] = new(-512, 496, 16, "9@12 4@6 6@5 8:7@3 5@2", isNonZero: true),
        ["clui"] = new(-32, 31, 1, "5@12 4:0@2", isNonZero: true),
        ["csh6"] = new(1, 63, 1, "5@12 4:0@2"),
        ["cj12"] = new(-2048, 2047, 2, "11@12 4@11 9:8@9 10@8 6@7 7@6 3:1@3 5@2", isPcRelative: true),
        ["cb9"] = new(-256, 255, 2, "8@12 4:3@10 7:6@5 2:1@3 5@2", isPcRelative: true),
        ["clwsp"] = new(0, 252, 4, "5@12 4:2@4 7:6@2"),
        ["cldsp"] = new(0, 504, 8, "5@12 4:3@5 8:6@2"),
        ["cswsp"] = new(0, 252, 4, "5:2@9 7:6@7"),
        ["csdsp"] = new(0, 504, 8, "5:3@10 8:6@7"),
    }.ToFrozenDictionary(StringComparer.Ordinal);

    private static readonly FrozenDictionary<string, AssemblerInstruction> _instructions =
        Rows.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(ParseRow).ToFrozenDictionary(i => i.Mnemonic, StringComparer.Ordinal);

    public static IEnumerable<AssemblerInstruction> All => _instructions.Values;

    /// <summary>Finds a mnemonic; atomics also with <c>.aq</c>, <c>.rl</c> or <c>.aqrl</c>, which come back as <paramref name="orderingBits"/>.</summary>
    public static bool TryFind(string mnemonic, out AssemblerInstruction instruction, out uint orderingBits)
    {
        orderingBits = 0;
        if (_instructions.TryGetValue(mnemonic, out instruction!))
            return true;

        foreach ((string suffix, uint bits) in new[] { (".aqrl", 3u << 25), (".aq", 2u << 25), (".rl", 1u << 25) })
        {
            if (!mnemonic.EndsWith(suffix, StringComparison.Ordinal))
                continue;
            orderingBits = bits;
            return _instructions.TryGetValue(mnemonic[..^suffix.Length], out instruction!) && (instruction.Match & 0x7f) == 0x2f;
        }

        return false;
    }

    private static AssemblerInstruction ParseRow(string row)
    {
        string[] columns = row.Trim().Split(' ');
        string[] operands = string.Equals(columns[1], "-", StringComparison.Ordinal) ? [] : columns[1].Split(',');
        uint match = uint.Parse(columns[2], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
        return new AssemblerInstruction(columns[0], operands, match, columns[2].Length == 4);
    }
}
