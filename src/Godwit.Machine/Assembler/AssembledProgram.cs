using System.Collections.Frozen;
using System.Collections.Immutable;

namespace Godwit.Machine;

/// <summary>What <see cref="RiscVAssembler"/> made of a source text: one run of bytes and the values of its symbols.</summary>
/// <param name="Origin">Address of the first byte.</param>
/// <param name="Image">The bytes, from <paramref name="Origin"/> upwards without gaps.</param>
/// <param name="Symbols">Labels (as addresses) and <c>.equ</c> constants by name.</param>
public sealed record AssembledProgram(ulong Origin, ImmutableArray<byte> Image, FrozenDictionary<string, long> Symbols)
{
    /// <summary>Address of a label; <see cref="AssemblyException"/> when the source has no such name.</summary>
    public ulong AddressOf(string label) =>
        Symbols.TryGetValue(label, out long value) ? (ulong)value : throw new AssemblyException($"no symbol '{label}'");
}
