using Godwit.Native;

namespace Godwit.Memory;

/// <summary>A named, contiguous piece of guest RAM with its host memory.</summary>
/// <remarks>
/// The host memory stays mapped while somebody holds a reference: the RAM list, each published flat view that shows the block, and every
/// long user (a migration, I/O in flight, a CPU that caches host addresses) that called <see cref="TryAddReference"/>.
/// A span or range taken from the block is valid no longer than the reference it was taken under.
/// </remarks>
public sealed class RamBlock
{
    private readonly HostMapping _mapping;
    private ulong _usedLengthBytes;
    private IWriteGate? _writeGate;
    private int _references = 1;

    internal RamBlock(string idString, RamAddress offset, ulong usedLengthBytes, ulong maxLengthBytes, RamBlockOptions options)
    {
        IdString = idString;
        Offset = offset;
        _usedLengthBytes = usedLengthBytes;
        MaxLengthBytes = maxLengthBytes;
        PageSizeBytes = options.PageSizeBytes;
        IsMigratable = options.IsMigratable;
        IsShared = options.IsShared || options.FilePath is not null;
        IsNamedFile = options.FilePath is not null;
        IsResizable = options.MaxLengthBytes is not null;
        _mapping = Map(idString, checked((long)maxLengthBytes), options);
    }

    /// <summary>The block's name on the wire, unique in its list, 1 to 255 bytes.</summary>
    public string IdString { get; }

    /// <summary>First byte in the linear RAM space; a multiple of 256 KiB.</summary>
    public RamAddress Offset { get; }

    /// <summary>Bytes in use, whole pages; the part that is migrated. Changes only by <see cref="RamList.Resize"/>.</summary>
    public ulong UsedLengthBytes
    {
        get => Volatile.Read(ref _usedLengthBytes);
        internal set => Volatile.Write(ref _usedLengthBytes, value);
    }

    /// <summary>Bytes allocated, whole pages; bitmaps are sized by it.</summary>
    public ulong MaxLengthBytes { get; }

    /// <summary>Page size of the backing in bytes.</summary>
    public uint PageSizeBytes { get; }

    /// <summary>Whether migration carries the block.</summary>
    public bool IsMigratable { get; }

    /// <summary>Whether the used length may change.</summary>
    public bool IsResizable { get; }

    /// <summary>Whether the user asked for memory shared with other processes.</summary>
    public bool IsShared { get; }

    /// <summary>Whether the memory is a file with a name, by which another process can have the same memory.</summary>
    public bool IsNamedFile { get; }

    /// <summary>The region that the block backs.</summary>
    public MemoryRegion Region { get; internal set; } = null!;

    /// <summary>Pages in use.</summary>
    public ulong PageCount => UsedLengthBytes >> TargetPage.Bits;

    /// <summary>First byte in this process.</summary>
    public nint HostAddress => _mapping.Address;

    /// <summary>The mapping itself, for handing the memory file to another process and for advice to the kernel.</summary>
    public HostMapping Mapping => _mapping;

    /// <summary>Asked before pages are touched, or null when all pages are present.</summary>
    public IPageGate? PageGate { get; set; }

    /// <summary>Asked before pages are changed, or null when nobody needs their old content. Set while nothing writes.</summary>
    public IWriteGate? WriteGate
    {
        get => Volatile.Read(ref _writeGate);
        set => Volatile.Write(ref _writeGate, value);
    }

    /// <summary>A window of the block's host memory.</summary>
    /// <remarks>Stores through it do not mark pages dirty; <see cref="MemorySystem.WriteRam"/> does.</remarks>
    /// <exception cref="ArgumentOutOfRangeException">The window is not inside the allocated length.</exception>
    public unsafe Span<byte> GetSpan(RamOffset offset, int count)
    {
        CheckInside(offset, count < 0 ? ulong.MaxValue : (ulong)count);
        // SAFETY: the window was checked against the mapping; the caller holds a reference while it uses the span.
        return new Span<byte>((byte*)_mapping.Address + offset.Value, count);
    }

    /// <summary>A part of the block's host memory, of any length.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The part is not inside the allocated length.</exception>
    public HostRange GetHostRange(RamOffset offset, long count)
    {
        CheckInside(offset, count < 0 ? ulong.MaxValue : (ulong)count);
        return new HostRange(_mapping.Address + (nint)offset.Value, count);
    }

    /// <summary>Gives whole pages back to the host; they read as zero afterwards. Dirty bits are left alone.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The part is not inside the allocated length.</exception>
    /// <exception cref="ArgumentException">The part is not made of whole host pages.</exception>
    public void Discard(RamOffset offset, ulong lengthBytes)
    {
        CheckInside(offset, lengthBytes);
        WriteGate?.BeforeWrite(this, offset, lengthBytes);
        _mapping.Discard((long)offset.Value, (long)lengthBytes);
    }

    /// <summary>The place of <paramref name="offset"/> in the linear RAM space.</summary>
    public RamAddress ToRamAddress(RamOffset offset) => Offset.Add(offset.Value);

    /// <summary>Keeps the host memory mapped until <see cref="ReleaseReference"/>; false if it is gone already.</summary>
    public bool TryAddReference()
    {
        var seen = Volatile.Read(ref _references);
        while (seen > 0)
        {
            var found = Interlocked.CompareExchange(ref _references, seen + 1, seen);
            if (found == seen)
                return true;
            seen = found;
        }
        return false;
    }

    /// <summary>Gives a reference back; the last one unmaps the host memory.</summary>
    /// <exception cref="InvalidOperationException">There was no reference left.</exception>
    public void ReleaseReference()
    {
        var left = Interlocked.Decrement(ref _references);
        if (left < 0)
            throw new InvalidOperationException($"RAM block {IdString} was released more often than it was referenced.");
        if (left == 0)
            _mapping.Dispose();
    }

    /// <inheritdoc/>
    public override string ToString() => IdString;

    private void CheckInside(RamOffset offset, ulong count)
    {
        if (offset.Value > MaxLengthBytes || count > MaxLengthBytes - offset.Value)
            throw new ArgumentOutOfRangeException(nameof(offset), $"{count} bytes at {offset} are not inside RAM block {IdString} of 0x{MaxLengthBytes:x} bytes.");
    }

    private static HostMapping Map(string idString, long lengthBytes, RamBlockOptions options)
    {
        if (options.FilePath is { } path)
            return HostMapping.MapFile(path, lengthBytes);
        if (options.IsShared)
            return HostMapping.AllocateShared(ShortName(idString), lengthBytes);
        var mapping = HostMapping.AllocateAnonymous(lengthBytes);
        mapping.Advise(HostAdvice.HugePage, 0, mapping.LengthBytes);
        return mapping;
    }

    // The kernel takes at most 249 bytes; the name only serves to recognise the mapping in /proc.
    private static string ShortName(string idString) => idString.Length <= 60 ? idString : idString[^60..];
}
