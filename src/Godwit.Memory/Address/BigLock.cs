namespace Godwit.Memory;

/// <summary>The one lock of a virtual machine for device state, topology and run state.</summary>
/// <remarks>
/// Held briefly, never across blocking I/O. It is not recursive: a second <see cref="Enter"/> on the same thread throws, because
/// it would hide that a callee may change state under its caller. Whoever has to wait for a thread that may want the lock
/// (a vCPU on its way out of guest code) waits inside <see cref="Suspend"/>.
/// </remarks>
public sealed class BigLock
{
    private readonly Lock _lock = new();

    /// <summary>Whether the calling thread holds the lock.</summary>
    public bool IsHeld => _lock.IsHeldByCurrentThread;

    /// <summary>Waits for the lock and takes it until the scope is disposed.</summary>
    /// <exception cref="LockRecursionException">The calling thread holds it already.</exception>
    public Scope Enter()
    {
        if (_lock.IsHeldByCurrentThread)
            throw new LockRecursionException("The big lock is held by this thread already.");
        _lock.Enter();
        return new Scope(_lock);
    }

    /// <summary>Takes the lock unless the calling thread holds it; the scope undoes only what this call did.</summary>
    public Scope EnterIfNeeded()
    {
        if (_lock.IsHeldByCurrentThread)
            return default;
        _lock.Enter();
        return new Scope(_lock);
    }

    /// <summary>Lets go of the lock until the scope is disposed, to wait for a thread that may need it.</summary>
    /// <exception cref="InvalidOperationException">The calling thread does not hold the lock.</exception>
    public SuspendScope Suspend()
    {
        AssertHeld();
        _lock.Exit();
        return new SuspendScope(_lock);
    }

    /// <summary>Fails unless the calling thread holds the lock.</summary>
    /// <exception cref="InvalidOperationException">It does not.</exception>
    public void AssertHeld()
    {
        if (!_lock.IsHeldByCurrentThread)
            throw new InvalidOperationException("The big lock has to be held here.");
    }

    /// <summary>The time a lock is held; disposed by the thread that entered.</summary>
    public readonly ref struct Scope
    {
        private readonly Lock? _held;

        internal Scope(Lock held) => _held = held;

        /// <summary>Gives the lock back.</summary>
        public void Dispose() => _held?.Exit();
    }

    /// <summary>A time without the lock inside a time with it.</summary>
    public readonly ref struct SuspendScope
    {
        private readonly Lock _suspended;

        internal SuspendScope(Lock suspended) => _suspended = suspended;

        /// <summary>Takes the lock again.</summary>
        public void Dispose() => _suspended.Enter();
    }
}
