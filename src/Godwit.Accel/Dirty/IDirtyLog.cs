namespace Godwit.Accel;

/// <summary>
/// Memory slots with a log of the pages that virtual CPUs wrote: the software model and <c>/dev/kvm</c> behind one set of rules.
/// </summary>
/// <remarks>
/// Bitmaps are words of 64 pages, bit i of word k is page 64k+i of the slot; bits past the slot's last page are always zero.
/// Rules: docs/formats/dirty-log.md. Slots are created, deleted and switched under the big lock;
/// <see cref="Get"/> and <see cref="Clear"/> may run on any one thread at a time per slot.
/// </remarks>
public interface IDirtyLog
{
    /// <summary>Gets how the log is read and re-armed.</summary>
    DirtyLogMode Mode { get; }

    /// <summary>Gets the number of slots that can exist at once.</summary>
    int MaximumSlotCount { get; }

    /// <summary>Makes guest memory visible to the virtual CPUs.</summary>
    /// <param name="slot">The slot; its number must be free and its range must not touch another slot.</param>
    void CreateSlot(MemorySlot slot);

    /// <summary>Takes a slot away. Returns when no virtual CPU uses it any more.</summary>
    /// <param name="slot">A slot made by <see cref="CreateSlot"/>.</param>
    /// <param name="lastBits">Receives what the log held at the end, all words of the slot; zeros when logging was off.</param>
    void DeleteSlot(MemorySlot slot, Span<ulong> lastBits);

    /// <summary>Switches logging of a slot. Switching on starts an empty log, or a full one by <see cref="Mode"/>.</summary>
    /// <param name="slot">A slot made by <see cref="CreateSlot"/>.</param>
    /// <param name="enabled">Whether stores are logged.</param>
    void SetLogging(MemorySlot slot, bool enabled);

    /// <summary>Reads a slot's log. In mode <see cref="DirtyLogMode.GetClears"/> also clears it and re-protects.</summary>
    /// <param name="slotId">The slot's number.</param>
    /// <param name="bitmap">Receives all words of the slot; at least one word per 64 pages.</param>
    /// <returns>The outcome; on failure the bitmap is untouched.</returns>
    DirtyLogResult Get(int slotId, Span<ulong> bitmap);

    /// <summary>Clears and re-protects the pages whose bit is set in <paramref name="bitmap"/>, and no others.</summary>
    /// <param name="slotId">The slot's number.</param>
    /// <param name="firstPage">First page of the range; a multiple of 64. Bit 0 of the bitmap.</param>
    /// <param name="pageCount">Pages in the range; a multiple of 64, or up to the slot's last page.</param>
    /// <param name="bitmap">Which pages; only pages that an earlier <see cref="Get"/> reported may be set.</param>
    /// <returns>The outcome. Returns only when a store after this call is logged again.</returns>
    DirtyLogResult Clear(int slotId, ulong firstPage, ulong pageCount, ReadOnlySpan<ulong> bitmap);
}
