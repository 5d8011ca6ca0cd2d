namespace Godwit.Accel;

/// <summary>One virtual CPU's side of a <see cref="SafePointDomain"/>. Except for the queries, only that CPU's thread calls it.</summary>
public sealed class SafePointParticipant
{
    private readonly SafePointDomain _domain;
    private readonly Action _requestAttention;
    private long _acknowledged;
    private int _inGuest;

    internal SafePointParticipant(SafePointDomain domain, Action requestAttention)
    {
        _domain = domain;
        _requestAttention = requestAttention;
    }

    /// <summary>Gets a value indicating whether the CPU may be executing guest code.</summary>
    public bool IsInGuest => Volatile.Read(ref _inGuest) != 0;

    /// <summary>Gets the last epoch that the CPU has acknowledged.</summary>
    public long Acknowledged => Volatile.Read(ref _acknowledged);

    /// <summary>Enters guest code.</summary>
    /// <returns><see langword="true"/> when the epoch has changed: cached write permissions must be dropped before the first store.</returns>
    public bool EnterGuest()
    {
        // The exchange is a full fence: either the harvester sees us inside and waits, or we see its epoch here.
        Interlocked.Exchange(ref _inGuest, 1);
        return Poll();
    }

    /// <summary>Leaves guest code: no store is half done, and none follows before <see cref="EnterGuest"/>.</summary>
    public void LeaveGuest() => Volatile.Write(ref _inGuest, 0);

    /// <summary>A safe point: acknowledges the current epoch.</summary>
    /// <returns><see langword="true"/> when the epoch is new: cached write permissions must be dropped before the next store.</returns>
    public bool Poll()
    {
        long epoch = _domain.Epoch;
        if (epoch == _acknowledged)
            return false;

        // Stores done so far become visible before the acknowledgement, which lets the harvester read the pages.
        Volatile.Write(ref _acknowledged, epoch);
        return true;
    }

    internal void RequestAttention() => _requestAttention();

    internal bool HasAcknowledged(long epoch) => !IsInGuest || Acknowledged >= epoch;
}
