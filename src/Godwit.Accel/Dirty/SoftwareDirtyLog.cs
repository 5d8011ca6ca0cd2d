using System.Collections.Immutable;

namespace Godwit.Accel;

/// <summary>Memory slots of a software CPU and their dirty log: the model of what <c>/dev/kvm</c> does with page protection.</summary>
/// <remarks>
/// Trap protocol (docs/formats/dirty-log.md): a CPU calls <see cref="SoftwareSlot.NoteWrite"/> before the first store to a page and then caches
/// that the page needs no note; a harvest protects pages again, begins a new epoch and waits until every CPU has dropped its cache.
/// </remarks>
public sealed class SoftwareDirtyLog : IDirtyLog
{
    private readonly SafePointDomain _safePoints;
    private readonly SoftwareSlot?[] _byId;
    private ImmutableArray<SoftwareSlot> _bySize = [];
    private long _layoutVersion = 1;

    /// <summary>Initializes a new instance of the <see cref="SoftwareDirtyLog"/> class without slots.</summary>
    /// <param name="safePoints">The barrier of the CPUs that use the slots.</param>
    /// <param name="mode">How the log is read and re-armed.</param>
    /// <param name="maximumSlotCount">Number of slots that can exist at once.</param>
    public SoftwareDirtyLog(
        SafePointDomain safePoints, DirtyLogMode mode = DirtyLogMode.ManualProtectInitiallySet, int maximumSlotCount = 512)
    {
        _safePoints = safePoints;
        Mode = mode;
        _byId = new SoftwareSlot?[maximumSlotCount];
    }

    /// <inheritdoc/>
    public DirtyLogMode Mode { get; }

    /// <inheritdoc/>
    public int MaximumSlotCount => _byId.Length;

    /// <summary>Gets a number that changes whenever a slot comes or goes; a CPU that sees a new one drops all cached addresses.</summary>
    public long LayoutVersion => Volatile.Read(ref _layoutVersion);

    /// <summary>Gets the slots, largest first.</summary>
    public ImmutableArray<SoftwareSlot> Slots => _bySize;

    /// <summary>Finds the slot of a guest-physical address.</summary>
    /// <param name="address">The guest-physical address.</param>
    /// <returns>The slot, or <see langword="null"/> for device memory and holes.</returns>
    public SoftwareSlot? Find(ulong address)
    {
        foreach (SoftwareSlot slot in _bySize)
        {
            if (address - slot.Start < slot.SizeBytes)
                return slot;
        }

        return null;
    }

    /// <inheritdoc/>
    public void CreateSlot(MemorySlot slot)
    {
        ArgumentNullException.ThrowIfNull(slot);
        if ((uint)slot.Id >= (uint)_byId.Length || _byId[slot.Id] is not null)
            throw new ArgumentException($"slot {slot.Id} is taken or out of range", nameof(slot));
        if (_bySize.Any(other => other.Slot.Contains(slot.Start.Value) || slot.Contains(other.Start)))
            throw new ArgumentException($"slot {slot.Id} overlaps another slot", nameof(slot));
        _byId[slot.Id] = new SoftwareSlot(slot);
        PublishLayout();
    }

    /// <inheritdoc/>
    public void DeleteSlot(MemorySlot slot, Span<ulong> lastBits)
    {
        SoftwareSlot target = Require(slot);
        _byId[slot.Id] = null;
        PublishLayout();
        lastBits.Clear();
        target.Log?.TakeAndProtect(lastBits);
    }

    /// <inheritdoc/>
    public void SetLogging(MemorySlot slot, bool enabled)
    {
        SoftwareSlot target = Require(slot);
        if (enabled == target.Log is not null)
            return;
        target.Log = enabled
            ? new SlotLog(slot.PageCount, slot.BitmapWordCount, Mode == DirtyLogMode.ManualProtectInitiallySet) : null;

        // Either way cached permissions and half-done notes belong to the old state.
        _safePoints.WaitUntilAcknowledged(_safePoints.Advance());
    }

    /// <inheritdoc/>
    public DirtyLogResult Get(int slotId, Span<ulong> bitmap)
    {
        DirtyLogResult result = FindLog(slotId, out SoftwareSlot slot, out SlotLog log);
        if (result != DirtyLogResult.Ok)
            return result;
        if (bitmap.Length < slot.Slot.BitmapWordCount)
            return DirtyLogResult.InvalidArgument;
        if (Mode != DirtyLogMode.GetClears)
            log.Copy(bitmap);
        else if (log.TakeAndProtect(bitmap))
            _safePoints.WaitUntilAcknowledged(_safePoints.Advance());
        return DirtyLogResult.Ok;
    }

    /// <inheritdoc/>
    public DirtyLogResult Clear(int slotId, ulong firstPage, ulong pageCount, ReadOnlySpan<ulong> bitmap)
    {
        DirtyLogResult result = FindLog(slotId, out SoftwareSlot slot, out SlotLog log);
        if (result != DirtyLogResult.Ok)
            return result;
        ulong pages = slot.Slot.PageCount;
        if ((firstPage & 63) != 0 || firstPage > pages || pageCount > pages - firstPage
            || ((pageCount & 63) != 0 && firstPage + pageCount != pages))
        {
            return DirtyLogResult.InvalidArgument;
        }

        int words = (int)((pageCount + 63) / 64);
        if (bitmap.Length < words)
            return DirtyLogResult.InvalidArgument;
        if (log.ClearAndProtect((int)(firstPage / 64), bitmap[..words]))
            _safePoints.WaitUntilAcknowledged(_safePoints.Advance());
        return DirtyLogResult.Ok;
    }

    private DirtyLogResult FindLog(int slotId, out SoftwareSlot slot, out SlotLog log)
    {
        slot = null!;
        log = null!;
        if ((uint)slotId >= (uint)_byId.Length)
            return DirtyLogResult.InvalidArgument;
        if (_byId[slotId] is not { Log: { } found } owner)
            return DirtyLogResult.NoLog;
        slot = owner;
        log = found;
        return DirtyLogResult.Ok;
    }

    private SoftwareSlot Require(MemorySlot slot)
    {
        ArgumentNullException.ThrowIfNull(slot);
        SoftwareSlot? found = (uint)slot.Id < (uint)_byId.Length ? _byId[slot.Id] : null;
        return found?.Slot == slot ? found : throw new ArgumentException($"slot {slot.Id} does not exist", nameof(slot));
    }

    private void PublishLayout()
    {
        ImmutableInterlocked.InterlockedExchange(
            ref _bySize, [.. _byId.OfType<SoftwareSlot>().OrderByDescending(slot => slot.SizeBytes)]);
        Interlocked.Increment(ref _layoutVersion);
        _safePoints.WaitUntilAcknowledged(_safePoints.Advance());
    }
}
