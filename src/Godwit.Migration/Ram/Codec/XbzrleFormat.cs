using Godwit.Memory;

namespace Godwit.Migration;

/// <summary>Constants of the XBZRLE record (docs/formats/ram.md, "XBZRLE").</summary>
public static class XbzrleFormat
{
    /// <summary>The only defined encoding byte.</summary>
    public const byte Encoding = 1;

    /// <summary>A page, and the longest encoding of one.</summary>
    public const int PageBytes = TargetPage.SizeBytes;

    /// <summary>Returned by the encoder when the page did not change.</summary>
    public const int Unchanged = 0;

    /// <summary>Returned by the encoder when the encoding would be longer than the page.</summary>
    public const int Overflow = -1;
}
