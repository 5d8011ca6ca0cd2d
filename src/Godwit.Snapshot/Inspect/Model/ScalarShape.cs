namespace Godwit.Snapshot;

/// <summary>How the bytes of a field are read.</summary>
public enum ScalarShape
{
    /// <summary>Not a number: bytes.</summary>
    None = 0,

    /// <summary>An unsigned big-endian number.</summary>
    Unsigned = 1,

    /// <summary>A signed big-endian number.</summary>
    Signed = 2,
}
