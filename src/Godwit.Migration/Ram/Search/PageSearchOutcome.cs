namespace Godwit.Migration;

/// <summary>What a step of the page search came to.</summary>
public enum PageSearchOutcome
{
    /// <summary>A run of dirty pages was found and taken out of the bitmap.</summary>
    Run = 1,

    /// <summary>The search went past the last block and goes on at the first: a round has ended.</summary>
    Wrapped,

    /// <summary>No page is dirty anywhere.</summary>
    Clean,
}
