using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Text;

namespace Godwit.Memory;

/// <summary>All RAM blocks of a machine, in the order in which migration names them on the wire: longest first, equal ones by creation.</summary>
/// <remarks>Readers take <see cref="Blocks"/> once and use that snapshot, without a lock; changes are made under the big lock.</remarks>
public sealed class RamList
{
    private const int MaxIdStringBytes = 255;

    private readonly BigLock _bigLock;
    private readonly DirtyMemory _dirty;
    private RamBlock[] _blocks = [];
    private IRamListObserver[] _observers = [];
    private int _version;

    internal RamList(BigLock bigLock, DirtyMemory dirty)
    {
        _bigLock = bigLock;
        _dirty = dirty;
    }

    /// <summary>The blocks in list order; an immutable snapshot.</summary>
    public ImmutableArray<RamBlock> Blocks => ImmutableCollectionsMarshal.AsImmutableArray(Volatile.Read(ref _blocks));

    /// <summary>Grows by one whenever a block comes or goes, so that a cached position can be recognised as stale.</summary>
    public int Version => Volatile.Read(ref _version);

    /// <summary>The block of that name, or null.</summary>
    public RamBlock? Find(string idString)
    {
        foreach (var block in Volatile.Read(ref _blocks))
        {
            if (string.Equals(block.IdString, idString, StringComparison.Ordinal))
                return block;
        }
        return null;
    }

    /// <summary>The block whose allocated range contains <paramref name="address"/>, or null.</summary>
    public RamBlock? Find(RamAddress address)
    {
        foreach (var block in Volatile.Read(ref _blocks))
        {
            if (address.Value - block.Offset.Value < block.MaxLengthBytes)
                return block;
        }
        return null;
    }

    /// <summary>Registers an observer; the big lock is held.</summary>
    public void AddObserver(IRamListObserver observer)
    {
        ArgumentNullException.ThrowIfNull(observer);
        _bigLock.AssertHeld();
        Volatile.Write(ref _observers, [.. _observers, observer]);
    }

    /// <summary>Removes an observer; the big lock is held. Unknown observers are ignored.</summary>
    public void RemoveObserver(IRamListObserver observer)
    {
        _bigLock.AssertHeld();
        Volatile.Write(ref _observers, [.. _observers.Where(o => !ReferenceEquals(o, observer))]);
    }

    /// <summary>Changes the used length of a resizable block; the big lock is held.</summary>
    /// <remarks>Observers are told first. The old range is taken out of all dirty clients and the new one put in.</remarks>
    /// <param name="block">A block of this list.</param>
    /// <param name="newLengthBytes">More than 0; rounded up to whole pages.</param>
    /// <exception cref="InvalidOperationException">The block has a fixed length.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The length is 0 or more than the block may grow to.</exception>
    public void Resize(RamBlock block, ulong newLengthBytes)
    {
        ArgumentNullException.ThrowIfNull(block);
        _bigLock.AssertHeld();
        ArgumentOutOfRangeException.ThrowIfZero(newLengthBytes);
        if (newLengthBytes > block.MaxLengthBytes)
            throw new ArgumentOutOfRangeException(nameof(newLengthBytes), $"RAM block {block.IdString}: 0x{newLengthBytes:x} is more than the maximum of 0x{block.MaxLengthBytes:x} bytes.");
        var rounded = TargetPage.RoundUp(newLengthBytes);
        var old = block.UsedLengthBytes;
        if (rounded == old)
            return;
        if (!block.IsResizable)
            throw new InvalidOperationException($"RAM block {block.IdString} has a fixed length of 0x{old:x} bytes; 0x{rounded:x} were wanted.");
        foreach (var observer in _observers)
            observer.BlockResizing(block, old, rounded);
        _dirty.ClearRange(block.Offset, old, DirtyClientMask.All);
        block.UsedLengthBytes = rounded;
        block.Region.SetSizeOfResizedBlock(rounded);
        _dirty.SetRange(block.Offset, rounded, DirtyClientMask.All);
    }

    internal RamBlock Add(string name, ulong usedLengthBytes, RamBlockOptions options)
    {
        _bigLock.AssertHeld();
        var idString = options.OwnerPath is null ? name : $"{options.OwnerPath}/{name}";
        if (idString.Length == 0 || Encoding.UTF8.GetByteCount(idString) > MaxIdStringBytes)
            throw new ArgumentException($"The name of a RAM block has 1 to {MaxIdStringBytes} bytes; '{idString}' does not.", nameof(name));
        if (Find(idString) is not null)
            throw new ArgumentException($"RAM block '{idString}' exists already.", nameof(name));
        ArgumentOutOfRangeException.ThrowIfZero(usedLengthBytes);
        var used = TargetPage.RoundUp(usedLengthBytes);
        var max = TargetPage.RoundUp(options.MaxLengthBytes ?? used);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(used, max, nameof(usedLengthBytes));

        var offset = RamAddressAllocator.Allocate(_blocks, max);
        var block = new RamBlock(idString, offset, used, max, options);
        _dirty.EnsureCapacity(offset.Add(max));
        _dirty.SetRange(offset, used, DirtyClientMask.All);
        return block;
    }

    // Publishing is a second step, after the block knows its region.
    internal void Publish(RamBlock block)
    {
        var index = Array.FindIndex(_blocks, b => b.MaxLengthBytes < block.MaxLengthBytes);
        var position = index < 0 ? _blocks.Length : index;
        Volatile.Write(ref _blocks, [.. _blocks[..position], block, .. _blocks[position..]]);
        Interlocked.Increment(ref _version);
        foreach (var observer in _observers)
            observer.BlockAdded(block);
    }

    internal void Remove(RamBlock block)
    {
        _bigLock.AssertHeld();
        if (Array.IndexOf(_blocks, block) < 0)
            return;
        foreach (var observer in _observers)
            observer.BlockRemoved(block);
        Volatile.Write(ref _blocks, [.. _blocks.Where(b => !ReferenceEquals(b, block))]);
        Interlocked.Increment(ref _version);
        block.ReleaseReference();
    }
}
