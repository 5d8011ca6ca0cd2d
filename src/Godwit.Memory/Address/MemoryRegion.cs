using System.Globalization;

namespace Godwit.Memory;

/// <summary>A node of the tree that describes a guest-physical address space (docs/memory.md).</summary>
/// <remarks>Made and changed under the big lock; every change is a transaction, alone or inside a larger one.</remarks>
public sealed partial class MemoryRegion
{
    private readonly List<MemoryRegion> _subregions = [];
    private int _vgaUsers;

    private MemoryRegion(MemorySystem system, MemoryRegionKind kind, string name, Int128 size)
    {
        ArgumentNullException.ThrowIfNull(system);
        ArgumentNullException.ThrowIfNull(name);
        system.BigLock.AssertHeld();
        if (size < 0 || size > FlatView.AddressSpaceSize)
            throw new ArgumentOutOfRangeException(nameof(size), size.ToString(CultureInfo.InvariantCulture), "A region has 0 to 2^64 bytes.");
        System = system;
        Kind = kind;
        Name = name;
        Size = size;
    }

    /// <summary>The system that the region belongs to.</summary>
    public MemorySystem System { get; }

    /// <summary>What is behind the region.</summary>
    public MemoryRegionKind Kind { get; }

    /// <summary>The region's name; that of its RAM block where it has one without an owner path.</summary>
    public string Name { get; }

    /// <summary>Size in bytes, 0 to 2^64 inclusive.</summary>
    public Int128 Size { get; private set; }

    /// <summary>First byte, counted from the start of the container.</summary>
    public ulong Offset { get; private set; }

    /// <summary>The higher one is in front among subregions of one container; among equals the one added last.</summary>
    public int Priority { get; private set; }

    /// <summary>Whether the region and what is in it shows.</summary>
    public bool IsEnabled { get; private set; } = true;

    /// <summary>Whether guest writes to it and what is in it are kept from memory.</summary>
    public bool IsReadOnly { get; private set; }

    /// <summary>Whether the content survives a power cycle; left out of memory dumps by some users.</summary>
    public bool IsNonVolatile { get; private set; }

    /// <summary>Whether its ranges must not be joined with neighbours in the flat view.</summary>
    public bool IsUnmergeable { get; private set; }

    /// <summary>Whether reads of a ROM device go to its memory; otherwise to its operations. True for other kinds.</summary>
    public bool IsRomdMode { get; private set; } = true;

    /// <summary>The RAM block behind the region, or null.</summary>
    public RamBlock? RamBlock { get; private init; }

    /// <summary>The device's operations, or null.</summary>
    public IMemoryRegionOperations? Operations { get; private init; }

    /// <summary>Which accesses the operations answer to.</summary>
    public AccessConstraints Constraints { get; private init; } = AccessConstraints.Default;

    /// <summary>Whether the operations are called under the big lock.</summary>
    public bool RequiresBigLock { get; private init; } = true;

    /// <summary>The region that an alias shows, else null.</summary>
    public MemoryRegion? AliasTarget { get; private init; }

    /// <summary>First byte of the target that an alias shows.</summary>
    public ulong AliasOffset { get; private set; }

    /// <summary>The region that this one lies in, or null.</summary>
    public MemoryRegion? Container { get; private set; }

    /// <summary>What lies in the region, front to back; read under the big lock.</summary>
    public IReadOnlyList<MemoryRegion> Subregions => _subregions;

    /// <summary>Whether the region itself answers where none of its subregions does.</summary>
    public bool Terminates => Kind is not (MemoryRegionKind.Container or MemoryRegionKind.Alias);

    /// <summary>The clients that want to know about guest writes to the region just now.</summary>
    public DirtyClientMask DirtyLogMask
    {
        get
        {
            if (RamBlock is null)
                return DirtyClientMask.None;
            var mask = Volatile.Read(ref _vgaUsers) > 0 ? DirtyClientMask.Vga : DirtyClientMask.None;
            if (System.Dirty.GlobalTrackingEnabled && RamBlock.IsMigratable)
                mask |= DirtyClientMask.Migration;
            if (System.Dirty.CodeTrackingEnabled)
                mask |= DirtyClientMask.Code;
            return mask;
        }
    }

    /// <summary>Puts a region into this one.</summary>
    /// <param name="region">Not in a container yet.</param>
    /// <param name="offset">Where it starts.</param>
    /// <param name="priority">The higher one is in front; among equals the one added last.</param>
    /// <exception cref="InvalidOperationException">It is in a container, or it would come to lie inside itself, directly or through aliases.</exception>
    public void AddSubregion(MemoryRegion region, ulong offset, int priority = 0)
    {
        ArgumentNullException.ThrowIfNull(region);
        System.BigLock.AssertHeld();
        if (!ReferenceEquals(region.System, System))
            throw new InvalidOperationException($"Region '{region.Name}' belongs to another memory system.");
        if (Kind == MemoryRegionKind.Alias)
            throw new InvalidOperationException($"Alias '{Name}' cannot hold subregions.");
        if (region.Container is not null)
            throw new InvalidOperationException($"Region '{region.Name}' lies in '{region.Container.Name}' already.");
        if (region.Reaches(this, []))
            throw new InvalidOperationException($"Region '{region.Name}' shows '{Name}', so it cannot lie inside it.");
        using var transaction = System.BeginTransaction();
        region.Offset = offset;
        region.Priority = priority;
        region.Container = this;
        Insert(region);
        System.NoteChange(IsEnabled && region.IsEnabled);
    }

    /// <summary>Takes a region out of this one.</summary>
    /// <exception cref="InvalidOperationException">It is not in here.</exception>
    public void RemoveSubregion(MemoryRegion region)
    {
        ArgumentNullException.ThrowIfNull(region);
        System.BigLock.AssertHeld();
        if (!ReferenceEquals(region.Container, this))
            throw new InvalidOperationException($"Region '{region.Name}' does not lie in '{Name}'.");
        using var transaction = System.BeginTransaction();
        _subregions.Remove(region);
        region.Container = null;
        System.NoteChange(IsEnabled && region.IsEnabled);
    }

    /// <summary>Shows or hides the region; its place among equals stays.</summary>
    public void SetEnabled(bool enabled) => Change(IsEnabled == enabled, () => IsEnabled = enabled, isVisible: true);

    /// <summary>Moves the region in its container; it becomes the newest among its equals.</summary>
    public void SetOffset(ulong offset) => Change(
        Offset == offset,
        () =>
        {
            Offset = offset;
            if (Container is { } container)
            {
                container._subregions.Remove(this);
                container.Insert(this);
            }
        },
        IsEnabled);

    /// <summary>Moves the window of an alias.</summary>
    /// <exception cref="InvalidOperationException">The region is no alias.</exception>
    public void SetAliasOffset(ulong offset)
    {
        if (Kind != MemoryRegionKind.Alias)
            throw new InvalidOperationException($"Region '{Name}' is no alias.");
        Change(AliasOffset == offset, () => AliasOffset = offset, IsEnabled);
    }

    /// <summary>Changes the size of a region that has no RAM block.</summary>
    /// <exception cref="InvalidOperationException">The region has one; see <see cref="RamList.Resize"/>.</exception>
    public void SetSize(Int128 size)
    {
        if (RamBlock is not null)
            throw new InvalidOperationException($"Region '{Name}' has the size of its RAM block.");
        if (size < 0 || size > FlatView.AddressSpaceSize)
            throw new ArgumentOutOfRangeException(nameof(size), size.ToString(CultureInfo.InvariantCulture), "A region has 0 to 2^64 bytes.");
        Change(Size == size, () => Size = size, IsEnabled);
    }

    /// <summary>Allows or forbids guest writes to the region and what is in it.</summary>
    /// <exception cref="InvalidOperationException">The region is a ROM, which is read-only by its kind.</exception>
    public void SetReadOnly(bool readOnly)
    {
        if (Kind == MemoryRegionKind.Rom && !readOnly)
            throw new InvalidOperationException($"Region '{Name}' is a ROM.");
        Change(IsReadOnly == readOnly, () => IsReadOnly = readOnly, IsEnabled);
    }

    /// <summary>Says whether the content survives a power cycle.</summary>
    public void SetNonVolatile(bool nonVolatile) => Change(IsNonVolatile == nonVolatile, () => IsNonVolatile = nonVolatile, IsEnabled);

    /// <summary>Says whether ranges of the region must stay separate in the flat view.</summary>
    public void SetUnmergeable(bool unmergeable) => Change(IsUnmergeable == unmergeable, () => IsUnmergeable = unmergeable, IsEnabled);

    /// <summary>Switches a ROM device between reads from memory and reads by operations.</summary>
    /// <exception cref="InvalidOperationException">The region is no ROM device.</exception>
    public void SetRomd(bool romdMode)
    {
        if (Kind != MemoryRegionKind.RomDevice)
            throw new InvalidOperationException($"Region '{Name}' is no ROM device.");
        Change(IsRomdMode == romdMode, () => IsRomdMode = romdMode, IsEnabled);
    }

    /// <summary>A display begins or ends to follow the region; counted, so that several may.</summary>
    /// <exception cref="InvalidOperationException">The region has no RAM block, or logging ends that was not begun.</exception>
    public void SetDisplayLogging(bool enabled)
    {
        System.BigLock.AssertHeld();
        if (RamBlock is null)
            throw new InvalidOperationException($"Region '{Name}' has no RAM block.");
        if (!enabled && _vgaUsers == 0)
            throw new InvalidOperationException($"No display follows region '{Name}'.");
        using var transaction = System.BeginTransaction();
        var before = _vgaUsers;
        Volatile.Write(ref _vgaUsers, enabled ? before + 1 : before - 1);
        System.NoteChange(IsEnabled && (before > 0) != (_vgaUsers > 0));
    }

    /// <inheritdoc/>
    public override string ToString() => Name;

    internal void SetSizeOfResizedBlock(ulong sizeBytes) => Change(Size == sizeBytes, () => Size = sizeBytes, IsEnabled);

    private void Change(bool isSame, Action change, bool isVisible)
    {
        System.BigLock.AssertHeld();
        if (isSame)
            return;
        using var transaction = System.BeginTransaction();
        change();
        System.NoteChange(isVisible);
    }

    private void Insert(MemoryRegion region)
    {
        var index = _subregions.FindIndex(other => other.Priority <= region.Priority);
        _subregions.Insert(index < 0 ? _subregions.Count : index, region);
    }

    // Whether `wanted` shows somewhere in this region, through subregions and aliases.
    private bool Reaches(MemoryRegion wanted, HashSet<MemoryRegion> seen)
    {
        if (ReferenceEquals(this, wanted))
            return true;
        if (!seen.Add(this))
            return false;
        if (AliasTarget is not null && AliasTarget.Reaches(wanted, seen))
            return true;
        foreach (var subregion in _subregions)
        {
            if (subregion.Reaches(wanted, seen))
                return true;
        }
        return false;
    }
}
