using System.Numerics;
using Godwit.Memory;

namespace Godwit.Accel;

/// <summary>
/// Keeps the memory slots of an accelerator equal to an address space, and carries its dirty log to <see cref="DirtyMemory"/>.
/// </summary>
/// <remarks>
/// One per address space, for the software CPU and for <c>/dev/kvm</c> alike. Changes are queued and done at commit, all deletes first.
/// The bitmap of the last harvest is kept per slot: only bits that were reported are cleared and re-protected.
/// docs/formats/dirty-log.md, "From slots to dirty bitmaps".
/// </remarks>
public sealed class MemorySlotListener : MemoryListener
{
    private readonly IDirtyLog _log;
    private readonly DirtyMemory _dirty;
    private readonly Action<bool>? _holdCpus;
    private readonly Lock _gate = new();
    private readonly List<Entry> _entries = [];
    private readonly List<MemorySection> _deleted = [];
    private readonly List<MemorySection> _added = [];
    private long _harvestedPages;

    /// <summary>Initializes a new instance of the <see cref="MemorySlotListener"/> class.</summary>
    /// <param name="log">The slots.</param>
    /// <param name="dirty">Where harvested bits go.</param>
    /// <param name="holdCpus">
    /// Called with <see langword="true"/> before and <see langword="false"/> after a commit that replaces slots whose ranges touch; must keep every
    /// CPU out of guest code in between. <see langword="null"/> when a CPU that misses a slot for a moment does no harm.
    /// </param>
    public MemorySlotListener(IDirtyLog log, DirtyMemory dirty, Action<bool>? holdCpus = null)
    {
        _log = log;
        _dirty = dirty;
        _holdCpus = holdCpus;
    }

    /// <inheritdoc/>
    public override int Priority => AcceleratorPriority;

    /// <summary>Gets how many pages harvests have found written; a page counts again when its log was cleared in between. Only grows.</summary>
    public long HarvestedPages => Interlocked.Read(ref _harvestedPages);

    /// <inheritdoc/>
    public override void RegionAdd(MemorySection section) => _added.Add(section);

    /// <inheritdoc/>
    public override void RegionDelete(MemorySection section) => _deleted.Add(section);

    /// <inheritdoc/>
    public override void Commit()
    {
        bool hold = _holdCpus is not null && _deleted.Exists(old => _added.Exists(added => Overlaps(old, added)));
        if (hold)
            _holdCpus!(true);
        lock (_gate)
        {
            foreach (MemorySection section in _deleted)
                Delete(section);
            foreach (MemorySection section in _added)
                Add(section);
        }

        _deleted.Clear();
        _added.Clear();
        if (hold)
            _holdCpus!(false);
    }

    /// <inheritdoc/>
    public override void LogStart(MemorySection section, DirtyClientMask oldMask, DirtyClientMask newMask)
    {
        if (oldMask == DirtyClientMask.None)
            SwitchLogging(section, enabled: true);
    }

    /// <inheritdoc/>
    public override void LogStop(MemorySection section, DirtyClientMask oldMask, DirtyClientMask newMask)
    {
        if (newMask == DirtyClientMask.None)
            SwitchLogging(section, enabled: false);
    }

    /// <inheritdoc/>
    public override void LogSync(MemorySection section)
    {
        lock (_gate)
        {
            foreach (Entry entry in _entries)
            {
                if (entry.IsIn(section))
                    Harvest(entry);
            }
        }
    }

    /// <inheritdoc/>
    public override void LogClear(MemorySection section)
    {
        if (_log.Mode == DirtyLogMode.GetClears)
            return;
        lock (_gate)
        {
            foreach (Entry entry in _entries)
            {
                if (entry.IsLogged && entry.IsTouchedBy(section))
                    Clear(entry, section);
            }
        }
    }

    private static bool Overlaps(MemorySection a, MemorySection b) =>
        (Int128)a.Start.Value < b.Start.Value + b.Size && (Int128)b.Start.Value < a.Start.Value + a.Size;

    private void Add(MemorySection section)
    {
        if (ToSlot(section) is not { } slot)
            return;

        // A queued section may already stay in memory only by this slot.
        if (!slot.Block.TryAddReference())
            return;
        _log.CreateSlot(slot);
        var entry = new Entry(slot);
        _entries.Add(entry);
        if (section.DirtyLogMask != DirtyClientMask.None)
            Switch(entry, enabled: true);
    }

    private void Delete(MemorySection section)
    {
        for (int i = _entries.Count - 1; i >= 0; i--)
        {
            Entry entry = _entries[i];
            if (!entry.IsIn(section))
                continue;
            _entries.RemoveAt(i);

            // What is harvested here includes stores up to the moment when the last CPU lost the slot.
            _log.DeleteSlot(entry.Slot, entry.Cached);
            if (entry.IsLogged)
                _dirty.MergeBitmap(entry.Slot.RamStart, entry.Cached, (long)entry.Slot.PageCount);
            entry.Slot.Block.ReleaseReference();
        }
    }

    private MemorySlot? ToSlot(MemorySection section)
    {
        bool isRam = section.Range.WritesMemory;
        if (section.RamBlock is not { } block || !section.Range.ReadsMemory)
            return null;
        UInt128 start = ((UInt128)section.Start.Value + TargetPage.SizeBytes - 1) & ~(UInt128)(TargetPage.SizeBytes - 1);
        UInt128 end = ((UInt128)section.Start.Value + (UInt128)section.Size) & ~(UInt128)(TargetPage.SizeBytes - 1);
        if (start >= end || end - start > ulong.MaxValue)
            return null;
        ulong offset = section.OffsetInRegion + ((ulong)start - section.Start.Value);
        if ((offset & (TargetPage.SizeBytes - 1)) != 0)
            return null;
        return new MemorySlot(
            FindFreeId(), new GuestAddress((ulong)start), (ulong)(end - start), block, new RamOffset(offset), isReadOnly: !isRam);
    }

    private int FindFreeId()
    {
        for (int id = 0; id < _log.MaximumSlotCount; id++)
        {
            if (!_entries.Exists(entry => entry.Slot.Id == id))
                return id;
        }

        throw new InvalidOperationException($"the accelerator has only {_log.MaximumSlotCount} memory slots");
    }

    private void SwitchLogging(MemorySection section, bool enabled)
    {
        lock (_gate)
        {
            foreach (Entry entry in _entries)
            {
                if (entry.IsIn(section))
                    Switch(entry, enabled);
            }
        }
    }

    private void Switch(Entry entry, bool enabled)
    {
        if (entry.IsLogged == enabled)
            return;
        entry.IsLogged = enabled;
        Array.Clear(entry.Cached);
        entry.ReportedPages = 0;
        _log.SetLogging(entry.Slot, enabled);
    }

    private void Harvest(Entry entry)
    {
        if (!entry.IsLogged || _log.Get(entry.Slot.Id, entry.Cached) != DirtyLogResult.Ok)
            return;
        long found = _dirty.MergeBitmap(entry.Slot.RamStart, entry.Cached, (long)entry.Slot.PageCount);

        // A log that is cleared by hand reports a page again and again until then.
        Interlocked.Add(ref _harvestedPages, found - entry.ReportedPages);
        entry.ReportedPages = _log.Mode == DirtyLogMode.GetClears ? 0 : found;
    }

    private void Clear(Entry entry, MemorySection section)
    {
        // Widened to the 64-page steps of the log; what pads the request stays out of the bitmap.
        MemorySlot slot = entry.Slot;
        ulong sectionStart = section.Start.Value;
        Int128 sectionEnd = section.Start.Value + section.Size;
        ulong first = sectionStart <= slot.Start.Value ? 0 : (sectionStart - slot.Start.Value) >> TargetPage.Bits;
        Int128 endBytes = Int128.Min(sectionEnd - slot.Start.Value, slot.SizeBytes);
        ulong end = (ulong)(endBytes >> TargetPage.Bits);
        if (first >= end)
            return;
        int firstWord = (int)(first / 64);
        int endWord = (int)((end + 63) / 64);
        Span<ulong> cached = entry.Cached.AsSpan(firstWord, endWord - firstWord);
        Span<ulong> request = entry.Request.AsSpan(0, cached.Length);
        cached.CopyTo(request);
        request[0] &= ulong.MaxValue << (int)(first & 63);
        if ((end & 63) != 0)
            request[^1] &= (1UL << (int)(end & 63)) - 1;
        ulong pageCount = Math.Min((ulong)endWord * 64, slot.PageCount) - (ulong)firstWord * 64;
        if (_log.Clear(slot.Id, (ulong)firstWord * 64, pageCount, request) != DirtyLogResult.Ok)
            return;
        for (int i = 0; i < cached.Length; i++)
        {
            cached[i] &= ~request[i];
            entry.ReportedPages -= BitOperations.PopCount(request[i]);
        }
    }

    private sealed class Entry(MemorySlot slot)
    {
        internal MemorySlot Slot { get; } = slot;

        /// <summary>Gets what the last harvest reported and nobody has cleared since.</summary>
        internal ulong[] Cached { get; } = new ulong[slot.BitmapWordCount];

        internal ulong[] Request { get; } = new ulong[slot.BitmapWordCount];

        /// <summary>Gets or sets how many pages <see cref="Cached"/> names.</summary>
        internal long ReportedPages { get; set; }

        internal bool IsLogged { get; set; }

        internal bool IsIn(MemorySection section) =>
            Slot.Start.Value >= section.Start.Value && (Int128)Slot.Start.Value + Slot.SizeBytes <= section.Start.Value + section.Size;

        internal bool IsTouchedBy(MemorySection section) =>
            section.Start.Value < (Int128)Slot.Start.Value + Slot.SizeBytes && Slot.Start.Value < section.Start.Value + section.Size;
    }
}
