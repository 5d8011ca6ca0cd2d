namespace Godwit.Snapshot;

/// <summary>How a stream is inspected.</summary>
public sealed record InspectOptions
{
    /// <summary>File offset of the stream header; for <c>file:…,offset=N</c>. Default 0.</summary>
    public long StartOffset { get; init; }

    /// <summary>Keep runs of pages. Default false.</summary>
    public bool ListPages { get; init; }

    /// <summary>Sections end with a footer. Default true.</summary>
    public bool HasFooters { get; init; } = true;

    /// <summary>Target page size where the stream does not say it. Default 4096.</summary>
    public int PageSizeBytes { get; init; } = 4096;

    /// <summary>Greatest length of the JSON description in bytes. Default 64 MiB.</summary>
    public int MaxDescriptionBytes { get; init; } = 64 << 20;

    /// <summary>Greatest number of decoded fields that are kept. Default 2 Mi.</summary>
    public int MaxFields { get; init; } = 2 << 20;

    /// <summary>Greatest number of page runs that are kept. Default 4 Mi.</summary>
    public int MaxPageRuns { get; init; } = 4 << 20;

    /// <summary>Greatest number of items that are kept. Default 8 Mi.</summary>
    public int MaxItems { get; init; } = 8 << 20;

    /// <summary>Longest buffer that is kept whole, in bytes. Default 16 MiB.</summary>
    public int MaxBufferBytes { get; init; } = 16 << 20;

    /// <summary>Bytes of all kept buffers together. Default 256 MiB.</summary>
    public long MaxKeptBytes { get; init; } = 256L << 20;
}
