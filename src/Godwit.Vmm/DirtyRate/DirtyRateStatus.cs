namespace Godwit.Vmm;

/// <summary>How far a measurement has come.</summary>
public enum DirtyRateStatus
{
    /// <summary>None was asked for yet, or the last one failed.</summary>
    Unstarted = 0,

    /// <summary>It is going on.</summary>
    Measuring,

    /// <summary>There is a result.</summary>
    Measured,
}
