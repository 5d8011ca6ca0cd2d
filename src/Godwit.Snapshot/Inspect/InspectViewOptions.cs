namespace Godwit.Snapshot;

/// <summary>What a report shows.</summary>
public sealed record InspectViewOptions
{
    /// <summary>Text: fields of all sections. JSON has them always. Default false.</summary>
    public bool ShowFields { get; init; }

    /// <summary>Only items of this section, with their fields; the whole idstr or its last part. Default all.</summary>
    public string? Section { get; init; }

    /// <summary>Runs of pages; they must have been kept by <see cref="InspectOptions.ListPages"/>. Default false.</summary>
    public bool ShowPages { get; init; }

    /// <summary>Whole buffers; else their first 64 bytes. Default false.</summary>
    public bool Full { get; init; }

    /// <summary>Whether an item is shown.</summary>
    internal bool Shows(StreamItem item)
    {
        if (Section is not string wanted)
            return true;
        if (item.Items is { } nested && nested.Any(Shows))
            return true;
        return NameOf(item) is { } name
            && (name.Equals(wanted, StringComparison.Ordinal) || name.EndsWith("/" + wanted, StringComparison.Ordinal));
    }

    /// <summary>What <see cref="Section"/> calls an item; null for one without a name.</summary>
    internal static string? NameOf(StreamItem item) => item.IdString is { Length: > 0 } id
        ? id
        : item.Kind == StreamItemKind.Configuration ? "configuration" : null;
}
