namespace Godwit.Machine;

/// <summary>One row of the instruction table: mnemonic, operand syntax, fixed bits, length.</summary>
/// <param name="Mnemonic">Name in the source, without the ordering suffix of atomics.</param>
/// <param name="Operands">Operand kinds in source order; a memory operand is written <c>imm(reg)</c>.</param>
/// <param name="Match">The fixed bits.</param>
/// <param name="IsCompressed">True for a 16-bit instruction.</param>
internal sealed record AssemblerInstruction(string Mnemonic, string[] Operands, uint Match, bool IsCompressed)
{
    public int Length => IsCompressed ? 2 : 4;
}
