using System.Collections.Immutable;
using System.Runtime.InteropServices;

namespace Godwit.Memory;

/// <summary>All memory of one virtual machine: its big lock, RAM list, dirty bitmaps, address spaces and their listeners.</summary>
public sealed partial class MemorySystem : IDisposable
{
    private AddressSpace[] _addressSpaces = [];
    private (MemoryListener Listener, AddressSpace AddressSpace)[] _listeners = [];
    private ICodeInvalidator? _codeInvalidator;
    private int _transactionDepth;
    private bool _changePending;
    private bool _isCommitting;
    private bool _isDisposed;

    /// <summary>Makes a system without memory.</summary>
    public MemorySystem()
        : this(new BigLock())
    {
    }

    /// <summary>Makes a system without memory under a lock that the caller has already.</summary>
    public MemorySystem(BigLock bigLock)
    {
        ArgumentNullException.ThrowIfNull(bigLock);
        BigLock = bigLock;
        Dirty = new DirtyMemory { LogClear = ClearRange };
        Ram = new RamList(bigLock, Dirty);
    }

    /// <summary>The machine's lock.</summary>
    public BigLock BigLock { get; }

    /// <summary>The RAM blocks.</summary>
    public RamList Ram { get; }

    /// <summary>The dirty bitmaps.</summary>
    public DirtyMemory Dirty { get; }

    /// <summary>The address spaces, in order of creation; an immutable snapshot.</summary>
    public ImmutableArray<AddressSpace> AddressSpaces => ImmutableCollectionsMarshal.AsImmutableArray(Volatile.Read(ref _addressSpaces));

    /// <summary>The engine that derives something from guest code, or null; set under the big lock. Switches code tracking.</summary>
    public ICodeInvalidator? CodeInvalidator
    {
        get => Volatile.Read(ref _codeInvalidator);
        set
        {
            using var transaction = BeginTransaction();
            Volatile.Write(ref _codeInvalidator, value);
            NoteChange(Dirty.CodeTrackingEnabled != (value is not null));
            Dirty.CodeTrackingEnabled = value is not null;
        }
    }

    /// <summary>Opens a group of changes; nested groups belong to the outermost one. The big lock is held until it is disposed.</summary>
    /// <exception cref="InvalidOperationException">The lock is not held, or a listener's callback tries to change topology.</exception>
    public MemoryTransaction BeginTransaction()
    {
        AssertTopologyMayChange();
        _transactionDepth++;
        return new MemoryTransaction(this);
    }

    /// <summary>Makes an address space of a region tree; the big lock is held, no transaction is open.</summary>
    public AddressSpace CreateAddressSpace(string name, MemoryRegion root)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(root);
        AssertTopologyMayChange();
        if (!ReferenceEquals(root.System, this))
            throw new InvalidOperationException($"Region '{root.Name}' belongs to another memory system.");
        var shared = Array.Find(_addressSpaces, other => ReferenceEquals(other.Root, root));
        var view = shared?.CurrentView ?? FlatViewRenderer.Render(root);
        view.AddBlockReferences();
        var addressSpace = new AddressSpace(this, name, root, view);
        Volatile.Write(ref _addressSpaces, [.. _addressSpaces, addressSpace]);
        return addressSpace;
    }

    /// <summary>Takes an address space out of the system; nobody follows it any more. The big lock is held.</summary>
    /// <exception cref="InvalidOperationException">It is not in the system, or has listeners.</exception>
    public void RemoveAddressSpace(AddressSpace addressSpace)
    {
        ArgumentNullException.ThrowIfNull(addressSpace);
        AssertTopologyMayChange();
        if (Array.IndexOf(_addressSpaces, addressSpace) < 0)
            throw new InvalidOperationException($"Address space '{addressSpace.Name}' is not in this memory system.");
        if (Array.Exists(_listeners, entry => ReferenceEquals(entry.AddressSpace, addressSpace)))
            throw new InvalidOperationException($"Address space '{addressSpace.Name}' has listeners.");
        Volatile.Write(ref _addressSpaces, [.. _addressSpaces.Where(other => !ReferenceEquals(other, addressSpace))]);
        addressSpace.CurrentView.ReleaseBlockReferences();
    }

    /// <summary>Takes a RAM block out of the list. Its region shows nowhere any more; its memory goes with the last reference. The big lock is held.</summary>
    /// <exception cref="InvalidOperationException">The region still lies in a container, or shows in an address space.</exception>
    public void RemoveRamBlock(RamBlock block)
    {
        ArgumentNullException.ThrowIfNull(block);
        AssertTopologyMayChange();
        var isShown = block.Region.Container is not null
            || Array.Exists(_addressSpaces, space => space.CurrentView.Ranges.Any(range => ReferenceEquals(range.Region.RamBlock, block)));
        if (isShown)
            throw new InvalidOperationException($"RAM block {block.IdString} is still part of an address space.");
        Ram.Remove(block);
    }

    /// <summary>Gives all RAM blocks back. Memory that somebody else still references stays until that reference is given back.</summary>
    /// <remarks>The caller has stopped every thread that uses the address spaces.</remarks>
    public void Dispose()
    {
        using var held = BigLock.EnterIfNeeded();
        if (_isDisposed)
            return;
        _isDisposed = true;
        foreach (var addressSpace in _addressSpaces)
            addressSpace.CurrentView.ReleaseBlockReferences();
        foreach (var block in Ram.Blocks)
            Ram.Remove(block);
    }

    internal void NoteChange(bool isVisible) => _changePending |= isVisible;

    internal void AssertTopologyMayChange()
    {
        BigLock.AssertHeld();
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (_isCommitting)
            throw new InvalidOperationException("A memory listener must not change topology.");
    }

    internal void EndTransaction()
    {
        BigLock.AssertHeld();
        if (--_transactionDepth > 0 || !_changePending)
            return;
        _changePending = false;
        _isCommitting = true;
        try
        {
            Commit();
        }
        finally
        {
            _isCommitting = false;
        }
    }

    internal void InsertListener(MemoryListener listener, AddressSpace addressSpace)
    {
        if (Array.Exists(_listeners, entry => ReferenceEquals(entry.Listener, listener)))
            throw new InvalidOperationException("The listener is registered already.");
        var index = Array.FindIndex(_listeners, entry => entry.Listener.Priority > listener.Priority);
        var position = index < 0 ? _listeners.Length : index;
        Volatile.Write(ref _listeners, [.. _listeners[..position], (listener, addressSpace), .. _listeners[position..]]);
    }

    internal void RemoveListener(MemoryListener listener)
        => Volatile.Write(ref _listeners, [.. _listeners.Where(entry => !ReferenceEquals(entry.Listener, listener))]);

    private void Commit()
    {
        // Views of one root are rendered once and shared.
        var views = new Dictionary<MemoryRegion, FlatView>();
        var replaced = new List<FlatView>(_addressSpaces.Length);
        foreach (var addressSpace in _addressSpaces)
        {
            if (!views.TryGetValue(addressSpace.Root, out var view))
                views.Add(addressSpace.Root, view = FlatViewRenderer.Render(addressSpace.Root));
            view.AddBlockReferences();
            replaced.Add(addressSpace.CurrentView);
        }
        var listeners = _listeners;
        foreach (var (listener, _) in listeners)
            listener.Begin();
        foreach (var addressSpace in _addressSpaces)
            addressSpace.ReplaceView(views[addressSpace.Root]);
        foreach (var (listener, _) in listeners)
            listener.Commit();
        // Both views' blocks stay alive during the callbacks.
        foreach (var view in replaced)
            view.ReleaseBlockReferences();
    }
}
