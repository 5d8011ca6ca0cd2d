namespace Godwit.Migration;

/// <summary>How far a destination has come towards postcopy; the numbers appear in refusals.</summary>
public enum PostcopyIncomingState
{
    /// <summary>Nothing was said about postcopy.</summary>
    None = 0,

    /// <summary>The source may switch to postcopy.</summary>
    Advise = 1,

    /// <summary>Page ranges were dropped.</summary>
    Discard = 2,

    /// <summary>Page faults are served.</summary>
    Listening = 3,

    /// <summary>The guest runs here.</summary>
    Running = 4,

    /// <summary>All pages have arrived.</summary>
    End = 5,
}
