namespace Godwit.Snapshot;

/// <summary>What the front of a stream says about the rest of it.</summary>
internal sealed class StreamFacts
{
    public int PageSizeBytes { get; set; } = 4096;

    public string? Machine { get; set; }

    public List<string> Capabilities { get; } = [];

    public Guid? Uuid { get; set; }

    public List<RamBlockInfo> RamBlocks { get; } = [];

    public PageCounts Pages { get; set; }

    /// <summary>A POSTCOPY_ADVISE with page sizes was seen: block lists may carry page sizes.</summary>
    public bool IsPostcopyRamAdvised { get; set; }

    public bool HasMappedRam => Capabilities.Contains("mapped-ram", StringComparer.Ordinal);

    public bool HasIgnoreShared => Capabilities.Contains("x-ignore-shared", StringComparer.Ordinal);
}
