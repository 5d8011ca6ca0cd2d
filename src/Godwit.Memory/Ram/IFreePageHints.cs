namespace Godwit.Memory;

/// <summary>A guest that says which of its pages it does not use, so that whoever copies its memory can leave them out.</summary>
/// <remarks>
/// Hints name pages as they were after the last look at the dirty log; a page that the guest used again since shows in the log. So none may be
/// taken while the log is read, and afterwards only those that the guest was asked for anew. Calls come from the copying thread, with or
/// without the big lock; hints come on any thread, under the big lock.
/// </remarks>
public interface IFreePageHints
{
    /// <summary>A copy begins.</summary>
    /// <param name="forget">Takes a hint: block, first byte, length.</param>
    void Begin(Action<RamBlock, RamOffset, ulong> forget);

    /// <summary>The dirty log is about to be read: returns when no hint is being taken, and takes none until the guest has answered the next request.</summary>
    void BeforeSync();

    /// <summary>The dirty log was read: asks the guest.</summary>
    void AfterSync();

    /// <summary>The copy has ended, or the guest was stopped for the last time: the guest may use its pages again. More than one call does no harm.</summary>
    void End();
}
