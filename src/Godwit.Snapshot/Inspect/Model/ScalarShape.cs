namespace Godwit.Snapshot;

/// <summary>How the bytes of a field are read.</summary>
public enum ScalarShape
{
    /// <summary>Not a number: bytes.</summary>
    Bytes = 0,

    /// <summary>An unsigned big-endian number.</summary>
    UnsignedNumber = 1,

    /// <summary>A signed big-endian number.</summary>
    SignedNumber = 2,
}
