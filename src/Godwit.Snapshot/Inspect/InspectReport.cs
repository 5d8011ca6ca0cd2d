namespace Godwit.Snapshot;

/// <summary>What an inspection found; see <see cref="StreamInspector"/>.</summary>
public sealed class InspectReport
{
    internal InspectReport()
    {
    }

    /// <summary>What kind of capture it is.</summary>
    public InspectFormat Format { get; internal set; }

    /// <summary>Bytes of the capture, from its start offset.</summary>
    public long Bytes { get; internal set; }

    /// <summary>It was read to its last byte without an error.</summary>
    public bool IsComplete { get; internal set; }

    /// <summary>Machine type of the configuration section.</summary>
    public string? Machine { get; private set; }

    /// <summary>Target page size.</summary>
    public int PageSizeBytes { get; private set; }

    /// <summary>Capabilities that the configuration section announces.</summary>
    public IReadOnlyList<string> Capabilities { get; private set; } = [];

    /// <summary>UUID of the configuration section or multifd channel.</summary>
    public Guid? Uuid { get; private set; }

    /// <summary>The RAM blocks in the order of the stream.</summary>
    public IReadOnlyList<RamBlockInfo> RamBlocks { get; private set; } = [];

    /// <summary>Pages of the whole stream; in a precopy stream a page may be there several times.</summary>
    public PageCounts Pages { get; private set; }

    /// <summary>The items, in stream order, without gap or overlap.</summary>
    public IReadOnlyList<StreamItem> Items => MutableItems;

    /// <summary>What ended the reading; empty for a complete stream.</summary>
    public IReadOnlyList<InspectError> Errors => MutableErrors;

    /// <summary>The names that <see cref="InspectViewOptions.Section"/> can ask for, each once, in stream order.</summary>
    public IReadOnlyList<string> SectionNames => [.. Names(Items).Distinct(StringComparer.Ordinal)];

    internal List<StreamItem> MutableItems { get; } = [];

    internal List<InspectError> MutableErrors { get; } = [];

    /// <summary>Whether a view has any item to show.</summary>
    public bool HasItems(InspectViewOptions view)
    {
        ArgumentNullException.ThrowIfNull(view);
        return Items.Any(view.Shows);
    }

    /// <summary>Writes the document of <c>godwit inspect --json</c>.</summary>
    public void WriteJson(Stream output, InspectViewOptions? options = null) => InspectJson.Write(this, output, options ?? new InspectViewOptions());

    /// <summary>Writes the indented text of <c>godwit inspect</c>.</summary>
    public void WriteText(TextWriter output, InspectViewOptions? options = null) => InspectText.Write(this, output, options ?? new InspectViewOptions());

    internal void Take(StreamFacts facts)
    {
        Machine = facts.Machine;
        PageSizeBytes = facts.PageSizeBytes;
        Capabilities = facts.Capabilities;
        Uuid = facts.Uuid;
        RamBlocks = facts.RamBlocks;
        Pages = facts.Pages;
    }

    private static IEnumerable<string> Names(IReadOnlyList<StreamItem> items) => items.SelectMany(static item =>
        (InspectViewOptions.NameOf(item) is { } name ? Enumerable.Repeat(name, 1) : []).Concat(item.Items is { } nested ? Names(nested) : []));
}
