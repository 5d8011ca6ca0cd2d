using System.Collections.Immutable;

namespace Godwit.Machine;

/// <summary>Something that is put into memory at each reset beside firmware and kernel, or a hart that starts elsewhere.</summary>
public sealed record LoaderOptions
{
    /// <summary>A file; null for none. An ELF file goes to its own addresses, anything else to <see cref="Address"/>.</summary>
    public string? FilePath { get; init; }

    /// <summary>Whether an ELF file is put into memory as it is. Default false.</summary>
    public bool IsRaw { get; init; }

    /// <summary>Guest physical address of the bytes; without bytes the one at which <see cref="HartIndex"/> starts.</summary>
    public ulong Address { get; init; }

    /// <summary>Up to eight bytes instead of a file. Default none.</summary>
    public ImmutableArray<byte> Data { get; init; } = [];

    /// <summary>The hart that starts at the file's entry, or at <see cref="Address"/>; null (the default) changes nobody's start.</summary>
    public int? HartIndex { get; init; }
}
