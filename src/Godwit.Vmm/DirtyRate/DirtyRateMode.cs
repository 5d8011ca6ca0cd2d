namespace Godwit.Vmm;

/// <summary>How a dirty rate is measured.</summary>
public enum DirtyRateMode
{
    /// <summary>The content of some pages is compared at both ends of the time.</summary>
    PageSampling = 0,

    /// <summary>Pages dirtied are counted per CPU, as each CPU's ring counts them.</summary>
    DirtyRing,

    /// <summary>Pages are counted that the dirty log reports.</summary>
    DirtyBitmap,
}
