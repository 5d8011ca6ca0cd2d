namespace Godwit.Snapshot;

/// <summary>What kind of capture a file is.</summary>
public enum InspectFormat
{
    /// <summary>Not recognised.</summary>
    Unknown = 0,

    /// <summary>A main channel with RAM in records.</summary>
    Stream = 1,

    /// <summary>A file with RAM at fixed offsets.</summary>
    MappedRam = 2,

    /// <summary>One multifd channel.</summary>
    MultiFdChannel = 3,

    /// <summary>The reverse direction of a main channel.</summary>
    ReturnPath = 4,
}
