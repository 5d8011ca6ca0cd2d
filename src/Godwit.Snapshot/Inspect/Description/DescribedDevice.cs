namespace Godwit.Snapshot;

/// <summary>A FULL section as the JSON description gives it.</summary>
internal sealed class DescribedDevice
{
    public string Name { get; set; } = "";

    public long InstanceId { get; set; }

    /// <summary>Length of a hand-written section; null for a described one.</summary>
    public long? OpaqueSize { get; set; }

    public DescribedBody Body { get; set; } = new();

    /// <summary>A section of the stream has been matched with it.</summary>
    public bool IsUsed { get; set; }
}
