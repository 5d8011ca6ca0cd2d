namespace Godwit.Migration;

/// <summary>Why an XBZRLE encoding was refused.</summary>
public enum XbzrleDecodeStatus
{
    /// <summary>Decoded to the end.</summary>
    Ok = 1,

    /// <summary>Fewer than two bytes remain where a run length must stand.</summary>
    Truncated,

    /// <summary>A run length has more than 14 bits.</summary>
    LengthTooLong,

    /// <summary>An equal run after the first one is empty.</summary>
    EmptyEqualRun,

    /// <summary>A run of new bytes is empty.</summary>
    EmptyNewRun,

    /// <summary>A run reaches beyond the page.</summary>
    BeyondPage,

    /// <summary>A run of new bytes reaches beyond the encoding.</summary>
    BeyondData,
}
