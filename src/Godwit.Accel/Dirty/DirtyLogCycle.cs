using Godwit.Memory;

namespace Godwit.Accel;

/// <summary>Keeps the dirty logs of a whole guest on for a measurement, beside whatever else they are on for.</summary>
/// <remarks>
/// <see cref="Renew"/> may run beside a migration's own syncs: what the logs report is in the dirty memory before it is cleared here, and a
/// migration that takes a page out of the dirty memory clears its log again before it reads the page.
/// </remarks>
public sealed class DirtyLogCycle : IDisposable
{
    private readonly MemorySystem _memory;
    private readonly GlobalDirtyTracking _reason;
    private bool _isDisposed;

    /// <summary>Switches the logs on and begins with nothing dirty.</summary>
    /// <param name="memory">The guest's memory.</param>
    /// <param name="reason">What for; at most one user per reason.</param>
    /// <exception cref="InvalidOperationException">A dirty log could not start.</exception>
    public DirtyLogCycle(MemorySystem memory, GlobalDirtyTracking reason)
    {
        ArgumentNullException.ThrowIfNull(memory);
        _memory = memory;
        _reason = reason;
        using (memory.BigLock.EnterIfNeeded())
            memory.StartGlobalLogging(reason);
        try
        {
            Renew();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Harvests all dirty logs and protects the pages again that they reported, so that the next store to each is seen.</summary>
    public void Renew()
    {
        _memory.SyncDirtyLog(lastStage: false);
        foreach (RamBlock block in _memory.Ram.Blocks)
            _memory.ClearDirtyLog(block, new RamOffset(0), block.UsedLengthBytes);
        _memory.AfterSync();
    }

    /// <summary>Ends this reason for logging.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, true))
            return;
        using (_memory.BigLock.EnterIfNeeded())
            _memory.StopGlobalLogging(_reason);
    }
}
