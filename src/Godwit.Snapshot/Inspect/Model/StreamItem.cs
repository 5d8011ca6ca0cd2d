namespace Godwit.Snapshot;

/// <summary>One top-level element of a stream; the items of a stream follow each other without gap or overlap.</summary>
public sealed class StreamItem
{
    /// <summary>What it is.</summary>
    public required StreamItemKind Kind { get; init; }

    /// <summary>File offset of its first byte.</summary>
    public required long Offset { get; init; }

    /// <summary>Its bytes, footer included; for a PACKAGED command the package included.</summary>
    public long Length { get; internal set; }

    /// <summary>Identity of a section; for PART and END taken from the START with the same id.</summary>
    public string? IdString { get; internal set; }

    /// <summary>Instance id of a section.</summary>
    public uint? InstanceId { get; internal set; }

    /// <summary>The source's number for the section.</summary>
    public uint? SectionId { get; internal set; }

    /// <summary>Version in a START or FULL header; of a file header, the stream's.</summary>
    public uint? VersionId { get; internal set; }

    /// <summary>Name of a command or message.</summary>
    public string? Command { get; internal set; }

    /// <summary>Payload of a command or message.</summary>
    public ReadOnlyMemory<byte> Payload { get; internal set; }

    /// <summary>Pages in this section or packet, for RAM.</summary>
    public PageCounts? Pages { get; internal set; }

    /// <summary>Runs of pages, when they were asked for.</summary>
    public IReadOnlyList<StreamPageRun>? PageRuns { get; internal set; }

    /// <summary>Decoded content: fields and subsections. Null where only the extent is known.</summary>
    public StreamBody? Body { get; internal set; }

    /// <summary>The fields were read, but there were too many to keep.</summary>
    public bool IsBodyDropped { get; internal set; }

    /// <summary>Items inside a package.</summary>
    public IReadOnlyList<StreamItem>? Items { get; internal set; }

    /// <summary>The parsed JSON description.</summary>
    internal StreamDescription? Description { get; set; }
}
