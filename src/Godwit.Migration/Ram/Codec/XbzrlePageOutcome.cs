namespace Godwit.Migration;

/// <summary>What became of a page that was offered to the XBZRLE cache.</summary>
public enum XbzrlePageOutcome
{
    /// <summary>It was sent as a difference.</summary>
    Difference = 1,

    /// <summary>It was sent in full, from a private copy.</summary>
    Full,

    /// <summary>The peer has it already: nothing was sent.</summary>
    Unchanged,

    /// <summary>It is not cached and cannot be: the caller sends it.</summary>
    NotCached,
}
