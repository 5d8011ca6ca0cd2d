namespace Godwit.Snapshot;

/// <summary>Decoded fields of one description at one place of a stream.</summary>
public sealed class StreamBody
{
    /// <summary>The description's name; "data" for hand-written sections.</summary>
    public required string Name { get; init; }

    /// <summary>The description's version; on the wire only for sections and subsections.</summary>
    public uint Version { get; init; }

    /// <summary>File offset of the first byte; for a subsection, of its header.</summary>
    public required long Offset { get; init; }

    /// <summary>Bytes, nested subsections included; for a subsection, its header included.</summary>
    public long Length { get; internal set; }

    /// <summary>Fields in wire order.</summary>
    public IReadOnlyList<StreamField> Fields { get; internal set; } = [];

    /// <summary>Subsections in wire order.</summary>
    public IReadOnlyList<StreamBody> Subsections { get; internal set; } = [];
}
