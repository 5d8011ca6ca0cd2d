namespace Godwit.Memory;

/// <summary>Follows an address space: which ranges come and go, which of them are logged, and when dirty bits are wanted.</summary>
/// <remarks>
/// Topology callbacks run under the big lock and must not change topology. <see cref="LogSync"/>, <see cref="LogSyncGlobal"/>, <see cref="LogClear"/>
/// and <see cref="LogGlobalAfterSync"/> may be called by any thread, with or without the lock. "Ascending" below means
/// lowest priority first and, among equals, first registered first; "descending" is the reverse.
/// </remarks>
public abstract class MemoryListener
{
    /// <summary>Priority of a listener that has to come first: 0.</summary>
    public const int MinimumPriority = 0;

    /// <summary>Priority of an accelerator: 10.</summary>
    public const int AcceleratorPriority = 10;

    /// <summary>Place among the listeners; constant.</summary>
    public virtual int Priority => MinimumPriority;

    /// <summary>Whether dirty bits are collected by <see cref="LogSyncGlobal"/> and not by <see cref="LogSync"/>; constant.</summary>
    public virtual bool SyncsGlobally => false;

    /// <summary>A transaction that changes something begins its callbacks. Ascending.</summary>
    public virtual void Begin()
    {
    }

    /// <summary>The transaction's callbacks are over and the new view is current. Ascending.</summary>
    public virtual void Commit()
    {
    }

    /// <summary>A range is new. Ascending; after all deletes of the address space, by address. Its logging is in the section's mask.</summary>
    public virtual void RegionAdd(MemorySection section)
    {
    }

    /// <summary>A range goes away. Descending; before all adds of the address space, by address.</summary>
    public virtual void RegionDelete(MemorySection section)
    {
    }

    /// <summary>A range stays as it is. Ascending.</summary>
    public virtual void RegionNop(MemorySection section)
    {
    }

    /// <summary>More clients want the dirty pages of a range that stays, or of one that was told by a registration. Ascending.</summary>
    public virtual void LogStart(MemorySection section, DirtyClientMask oldMask, DirtyClientMask newMask)
    {
    }

    /// <summary>Fewer clients want the dirty pages of a range that stays. Descending.</summary>
    public virtual void LogStop(MemorySection section, DirtyClientMask oldMask, DirtyClientMask newMask)
    {
    }

    /// <summary>Bring the dirty bits of a logged range to <see cref="DirtyMemory"/>. Ascending.</summary>
    public virtual void LogSync(MemorySection section)
    {
    }

    /// <summary>Bring all dirty bits to <see cref="DirtyMemory"/>; only if <see cref="SyncsGlobally"/>. Ascending.</summary>
    /// <param name="lastStage">No vCPU runs any more, and none will before the bits were used.</param>
    public virtual void LogSyncGlobal(bool lastStage)
    {
    }

    /// <summary>Dirty bits of this part were taken: protect its pages again, before anybody reads them. Ascending.</summary>
    public virtual void LogClear(MemorySection section)
    {
    }

    /// <summary>Global logging begins; the ranges' masks follow. Ascending.</summary>
    /// <param name="error">Why it cannot begin.</param>
    /// <returns>False if it cannot begin; the listeners that have begun are then told to stop.</returns>
    public virtual bool LogGlobalStart(out string? error)
    {
        error = null;
        return true;
    }

    /// <summary>Global logging is over; the ranges' masks were dropped before. Descending.</summary>
    public virtual void LogGlobalStop()
    {
    }

    /// <summary>The dirty bits that were collected have been used. Ascending.</summary>
    public virtual void LogGlobalAfterSync()
    {
    }
}
