namespace Godwit.Snapshot;

/// <summary>A field as the JSON description gives it: an instance, not the schema.</summary>
internal sealed class DescribedField
{
    public string Name { get; set; } = "";

    public string Type { get; set; } = "";

    /// <summary>Elements that share this entry; null for one.</summary>
    public long? ArrayLength { get; set; }

    public long? Index { get; set; }

    /// <summary>Bytes of one element.</summary>
    public long Size { get; set; } = -1;

    /// <summary>The body of "struct", or the bodies written into the field's own object, in order.</summary>
    public List<DescribedBody>? Bodies { get; set; }

    public bool IsStruct => Type is "struct";

    /// <summary>The entry of null (or presence) markers in an array of pointers.</summary>
    public bool IsPointerMarker => Type is "nullptr" or "ptr-marker";
}
