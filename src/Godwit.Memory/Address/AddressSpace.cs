namespace Godwit.Memory;

/// <summary>What one kind of bus master sees: a root region, its current flat view, and those who follow it.</summary>
/// <remarks>Reads, writes and <see cref="CurrentView"/> need no lock; listeners come and go under the big lock.</remarks>
public sealed partial class AddressSpace
{
    private FlatView _view;
    private MemoryListener[] _listeners = [];

    internal AddressSpace(MemorySystem system, string name, MemoryRegion root, FlatView view)
    {
        System = system;
        Name = name;
        Root = root;
        _view = view;
    }

    /// <summary>The system that the address space belongs to.</summary>
    public MemorySystem System { get; }

    /// <summary>Shown by the monitor.</summary>
    public string Name { get; }

    /// <summary>The root of the tree.</summary>
    public MemoryRegion Root { get; }

    /// <summary>The view that holds now; an immutable snapshot.</summary>
    public FlatView CurrentView => Volatile.Read(ref _view);

    /// <summary>Starts to follow the address space: the listener is told every range that is there already.</summary>
    /// <exception cref="InvalidOperationException">It is registered already, or global logging is on and it cannot take part.</exception>
    public void RegisterListener(MemoryListener listener)
    {
        ArgumentNullException.ThrowIfNull(listener);
        System.AssertTopologyMayChange();
        System.InsertListener(listener, this);
        _listeners = ListenerOrder.Insert(_listeners, listener);

        listener.Begin();
        if (System.GlobalTracking != GlobalDirtyTracking.None && !listener.LogGlobalStart(out var error))
        {
            listener.Commit();
            Forget(listener);
            throw new InvalidOperationException($"A memory listener cannot join while dirty pages are logged: {error}");
        }

        var view = CurrentView;
        foreach (var range in view.Ranges)
        {
            var section = new MemorySection(this, view, range);
            listener.RegionAdd(section);
            if (range.DirtyLogMask != DirtyClientMask.None)
                listener.LogStart(section, DirtyClientMask.None, range.DirtyLogMask);
        }
        listener.Commit();
    }

    /// <summary>Stops to follow the address space: the listener is told that every range goes away.</summary>
    /// <exception cref="InvalidOperationException">It is not registered here.</exception>
    public void UnregisterListener(MemoryListener listener)
    {
        ArgumentNullException.ThrowIfNull(listener);
        System.AssertTopologyMayChange();
        if (Array.IndexOf(_listeners, listener) < 0)
            throw new InvalidOperationException($"The listener does not follow address space '{Name}'.");
        listener.Begin();
        var view = CurrentView;
        foreach (var range in view.Ranges)
        {
            var section = new MemorySection(this, view, range);
            if (range.DirtyLogMask != DirtyClientMask.None)
                listener.LogStop(section, range.DirtyLogMask, DirtyClientMask.None);
            listener.RegionDelete(section);
        }
        listener.Commit();
        Forget(listener);
    }

    private void Forget(MemoryListener listener)
    {
        _listeners = [.. _listeners.Where(other => !ReferenceEquals(other, listener))];
        System.RemoveListener(listener);
    }

    internal void ReplaceView(FlatView view)
    {
        var old = _view;
        if (_listeners.Length > 0)
        {
            Pass(old, view, isAddPass: false);
            Pass(old, view, isAddPass: true);
        }
        Volatile.Write(ref _view, view);
    }

    // Both passes walk the two views together, in address order; ranges that are not the same mapping count as gone and new.
    private void Pass(FlatView oldView, FlatView newView, bool isAddPass)
    {
        var olds = oldView.Ranges;
        var news = newView.Ranges;
        int o = 0, n = 0;
        while (o < olds.Length || n < news.Length)
        {
            var old = o < olds.Length ? olds[o] : null;
            var @new = n < news.Length ? news[n] : null;
            if (old is not null && @new is not null && old.IsSameMapping(@new))
            {
                if (isAddPass)
                    TellStays(new MemorySection(this, newView, @new), old.DirtyLogMask, @new.DirtyLogMask);
                o++;
                n++;
            }
            else if (old is not null && (@new is null || old.Start.Value <= @new.Start.Value))
            {
                if (!isAddPass)
                {
                    var section = new MemorySection(this, oldView, old);
                    for (var i = _listeners.Length - 1; i >= 0; i--)
                        _listeners[i].RegionDelete(section);
                }
                o++;
            }
            else
            {
                if (isAddPass)
                {
                    var section = new MemorySection(this, newView, @new!);
                    foreach (var listener in _listeners)
                        listener.RegionAdd(section);
                }
                n++;
            }
        }
    }

    private void TellStays(MemorySection section, DirtyClientMask oldMask, DirtyClientMask newMask)
    {
        foreach (var listener in _listeners)
            listener.RegionNop(section);
        if ((newMask & ~oldMask) != DirtyClientMask.None)
        {
            foreach (var listener in _listeners)
                listener.LogStart(section, oldMask, newMask);
        }
        if ((oldMask & ~newMask) != DirtyClientMask.None)
        {
            for (var i = _listeners.Length - 1; i >= 0; i--)
                _listeners[i].LogStop(section, oldMask, newMask);
        }
    }
}
