namespace Godwit.Snapshot;

/// <summary>The keys vmsd_name, version, fields, subsections of the JSON description.</summary>
internal sealed class DescribedBody
{
    public string Name { get; set; } = "";

    public long Version { get; set; }

    public List<DescribedField> Fields { get; set; } = [];

    public List<DescribedBody>? Subsections { get; set; }
}
