using Godwit.Memory;

namespace Godwit.Migration;

/// <summary>What a migration can do with a guest that runs while its memory is sent: slow its writing, have it wait, hear of unused pages.</summary>
public interface IRunningGuest
{
    /// <summary>What part of their time the vCPUs are kept from running, in percent, 0 to 99; 0 where that is not possible.</summary>
    int CpuThrottlePercentage
    {
        get => 0;
        set { }
    }

    /// <summary>
    /// What has writers wait for a page to be saved, so that memory stays as it is at one instant while the guest runs; null where that is not
    /// possible.
    /// </summary>
    IWriteProtection? WriteProtection => null;

    /// <summary>The guest's word on which pages it does not use; null where it has no way to say so.</summary>
    IFreePageHints? FreePageHints => null;

    /// <summary>
    /// Limits what each vCPU may dirty, measured once in each <paramref name="period"/>. Does nothing where vCPUs have no count of what they
    /// dirty.
    /// </summary>
    void LimitDirtying(ulong mebibytesPerSecond, TimeSpan period)
    {
    }

    /// <summary>Takes the limit away.</summary>
    void UnlimitDirtying()
    {
    }
}
