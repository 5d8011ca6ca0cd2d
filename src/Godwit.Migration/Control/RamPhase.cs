namespace Godwit.Migration;

/// <summary>Which of the three byte counters main-channel RAM bytes are credited to.</summary>
public enum RamPhase
{
    /// <summary>The guest runs at the source.</summary>
    Precopy = 0,

    /// <summary>The guest is stopped.</summary>
    Downtime,

    /// <summary>The guest runs at the destination.</summary>
    Postcopy,
}
