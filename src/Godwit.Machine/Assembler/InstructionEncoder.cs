using System.Globalization;

namespace Godwit.Machine;

/// <summary>Puts the operands of one source line into the instruction word.</summary>
internal static class InstructionEncoder
{
    private const string FenceLetters = "wroi";

    public static uint Encode(AssemblerInstruction instruction, string[] operands, ulong address, Func<string, long> evaluate)
    {
        uint word = instruction.Match;
        for (int i = 0; i < operands.Length; i++)
        {
            string kind = instruction.Operands[i];
            string text = operands[i];
            int open = kind.IndexOf('(', StringComparison.Ordinal);
            if (open < 0)
            {
                word |= EncodeOne(instruction, kind, text, address, evaluate);
                continue;
            }

            int textOpen = text.LastIndexOf('(');
            if (textOpen < 0 || !text.EndsWith(')'))
                throw new AssemblyException($"{instruction.Mnemonic}: expected offset(register), found '{text}'");
            word |= EncodeRegister(instruction, kind[(open + 1)..^1], text[(textOpen + 1)..^1].Trim());
            string offset = text[..textOpen].Trim();
            if (open > 0)
                word |= EncodeOne(instruction, kind[..open], offset.Length == 0 ? "0" : offset, address, evaluate);
            else if (offset.Length > 0 && evaluate(offset) != 0)
                throw new AssemblyException($"{instruction.Mnemonic}: takes no offset");
        }

        return word;
    }

    private static uint EncodeOne(AssemblerInstruction instruction, string kind, string text, ulong address, Func<string, long> evaluate)
    {
        if (!AssemblerTable.Fields.TryGetValue(kind, out BitField? field))
            return EncodeRegister(instruction, kind, text);

        long value;
        if (kind is "pred" or "succ" && text.AsSpan().IndexOfAnyExcept(FenceLetters) < 0)
            value = text.Aggregate(0L, (bits, letter) => bits | 1L << FenceLetters.IndexOf(letter, StringComparison.Ordinal));
        else if (kind is "csr" && RiscVRegisters.TryGetCsr(text, out long csr))
            value = csr;
        else
            value = evaluate(text);

        if (field.IsPcRelative)
            value -= (long)address;
        return field.Accepts(value)
            ? field.Encode(value)
            : throw new AssemblyException(string.Create(CultureInfo.InvariantCulture, $"{instruction.Mnemonic}: {value} is no possible operand"));
    }

    private static uint EncodeRegister(AssemblerInstruction instruction, string kind, string text)
    {
        if (!RiscVRegisters.TryGetRegister(text, out int number))
            throw new AssemblyException($"{instruction.Mnemonic}: expected a register, found '{text}'");

        switch (kind)
        {
            case "rd" or "d7":
                return (uint)number << 7;
            case "rs1":
                return (uint)number << 15;
            case "rs2":
                return (uint)number << 20;
            case "r2":
                return (uint)number << 2;
            case "q7" when number is >= 8 and <= 15:
                return (uint)(number - 8) << 7;
            case "q2" when number is >= 8 and <= 15:
                return (uint)(number - 8) << 2;
            case "sp" when number == 2:
                return 0;
            default:
                throw new AssemblyException($"{instruction.Mnemonic}: register '{text}' is not possible here");
        }
    }
}
