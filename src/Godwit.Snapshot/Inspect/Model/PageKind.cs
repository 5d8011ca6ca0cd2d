namespace Godwit.Snapshot;

/// <summary>How a page is in a stream.</summary>
public enum PageKind
{
    /// <summary>Whole.</summary>
    Normal = 0,

    /// <summary>All zeros; no data.</summary>
    Zero = 1,

    /// <summary>The difference to what was sent before.</summary>
    Xbzrle = 2,

    /// <summary>Compressed by itself.</summary>
    Compressed = 3,
}
