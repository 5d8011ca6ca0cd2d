using Godwit.Memory;

namespace Godwit.Accel;

/// <summary>A memory slot as a software CPU sees it: where the memory is, which pages are logged, which hold decoded code.</summary>
/// <remarks>
/// Stores follow the trap protocol of docs/formats/dirty-log.md: <see cref="NoteWrite"/> comes before the store, and a CPU may cache
/// "this page needs no note" until its next new epoch.
/// </remarks>
public sealed class SoftwareSlot
{
    private readonly ulong[] _code;
    private SlotLog? _log;

    internal SoftwareSlot(MemorySlot slot)
    {
        Slot = slot;
        Start = slot.Start.Value;
        SizeBytes = slot.SizeBytes;
        HostAddress = slot.HostAddress;
        _code = new ulong[slot.BitmapWordCount];
    }

    /// <summary>Gets the slot.</summary>
    public MemorySlot Slot { get; }

    /// <summary>Gets the first guest-physical address.</summary>
    public ulong Start { get; }

    /// <summary>Gets the length in bytes.</summary>
    public ulong SizeBytes { get; }

    /// <summary>Gets the address of the first byte in this process.</summary>
    public nint HostAddress { get; }

    /// <summary>Gets a value indicating whether guest stores do not reach the memory.</summary>
    public bool IsReadOnly => Slot.IsReadOnly;

    /// <summary>Gets or sets the dirty log; <see langword="null"/> while logging is off.</summary>
    internal SlotLog? Log
    {
        get => Volatile.Read(ref _log);
        set => Volatile.Write(ref _log, value);
    }

    /// <summary>Returns when a page is present, if pages may still be on their way. Called before a CPU caches its host address.</summary>
    /// <param name="page">Page of the slot.</param>
    public void EnsurePresent(ulong page)
    {
        if (Slot.Block.PageGate is { } gate)
            gate.EnsurePresent(Slot.Block, Slot.OffsetInBlock.Add(page << TargetPage.Bits), TargetPage.SizeBytes);
    }

    /// <summary>Logs a store that is about to be done by a CPU inside guest code; returns when the page may be changed.</summary>
    /// <param name="page">Page of the slot.</param>
    /// <returns>Whether the page is newly dirty: logged, and not written since its log was cleared last.</returns>
    public bool NoteWrite(ulong page)
    {
        if (Slot.Block.WriteGate is { } gate)
            gate.BeforeWrite(Slot.Block, Slot.OffsetInBlock.Add(page << TargetPage.Bits), TargetPage.SizeBytes);
        return Volatile.Read(ref _log) is { } log && log.NoteWrite(page);
    }

    /// <summary>Says whether a page holds decoded instructions, so that stores to it must not be cached.</summary>
    /// <param name="page">Page of the slot.</param>
    /// <returns><see langword="true"/> while <see cref="MarkCode"/> is in force.</returns>
    public bool HasCode(ulong page) => (Volatile.Read(ref _code[page >> 6]) >> (int)(page & 63) & 1) != 0;

    /// <summary>Says whether any page of a range holds decoded instructions.</summary>
    /// <param name="firstPage">First page.</param>
    /// <param name="lastPage">Last page, inclusive.</param>
    /// <returns><see langword="true"/> when one does.</returns>
    public bool HasCode(ulong firstPage, ulong lastPage)
    {
        for (ulong page = firstPage; page <= lastPage; page++)
        {
            if (Volatile.Read(ref _code[page >> 6]) == 0)
                page |= 63;
            else if (HasCode(page))
                return true;
        }

        return false;
    }

    /// <summary>Notes that a page holds decoded instructions.</summary>
    /// <param name="page">Page of the slot.</param>
    public void MarkCode(ulong page) => Interlocked.Or(ref _code[page >> 6], 1UL << (int)(page & 63));

    /// <summary>Notes that no decoded instructions of a page are left.</summary>
    /// <param name="page">Page of the slot.</param>
    public void ClearCode(ulong page) => Interlocked.And(ref _code[page >> 6], ~(1UL << (int)(page & 63)));
}
