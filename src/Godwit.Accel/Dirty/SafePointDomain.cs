namespace Godwit.Accel;

/// <summary>
/// The barrier that stands for a TLB flush on all virtual CPUs of a machine: a change of write permissions is in force once every CPU
/// has passed a safe point.
/// </summary>
/// <remarks>
/// <para>
/// A safe point is a place between two instructions, where no check-then-store is half done. The domain keeps one epoch. Whoever takes
/// permissions away first publishes that (sets the protection bits), then calls <see cref="Advance"/>, then
/// <see cref="WaitUntilAcknowledged"/>. Each CPU drops its cached permissions when it sees a new epoch and acknowledges it. A CPU that is
/// outside guest code (stopped, waiting for an interrupt, waiting for the big lock) counts as having acknowledged: it looks at the epoch
/// before it runs guest code again.
/// </para>
/// <para>docs/formats/dirty-log.md, "Safe points".</para>
/// </remarks>
public sealed class SafePointDomain
{
    private readonly Lock _registration = new();
    private SafePointParticipant[] _participants = [];
    private long _epoch = 1;

    /// <summary>Gets the current epoch. Starts at 1 and only grows.</summary>
    public long Epoch => Volatile.Read(ref _epoch);

    /// <summary>Adds a virtual CPU to the domain.</summary>
    /// <param name="requestAttention">Called from any thread; makes the CPU reach <see cref="SafePointParticipant.Poll"/> soon.</param>
    /// <returns>The CPU's side of the barrier, outside guest code.</returns>
    public SafePointParticipant Register(Action requestAttention)
    {
        ArgumentNullException.ThrowIfNull(requestAttention);
        var participant = new SafePointParticipant(this, requestAttention);
        lock (_registration)
            Volatile.Write(ref _participants, [.. _participants, participant]);
        return participant;
    }

    /// <summary>Removes a CPU that will not run again.</summary>
    /// <param name="participant">The CPU's side of the barrier; must be outside guest code.</param>
    public void Unregister(SafePointParticipant participant)
    {
        lock (_registration)
            Volatile.Write(ref _participants, [.. _participants.Where(p => p != participant)]);
    }

    /// <summary>Begins a new epoch and asks every CPU to acknowledge it. Does not wait.</summary>
    /// <returns>The new epoch.</returns>
    /// <remarks>A full memory barrier: what was written before is seen by every CPU that acknowledges.</remarks>
    public long Advance()
    {
        long epoch = Interlocked.Increment(ref _epoch);
        foreach (SafePointParticipant participant in Volatile.Read(ref _participants))
        {
            if (participant.IsInGuest)
                participant.RequestAttention();
        }

        return epoch;
    }

    /// <summary>Waits until every CPU has acknowledged an epoch, or is outside guest code.</summary>
    /// <param name="epoch">What <see cref="Advance"/> returned.</param>
    /// <remarks>
    /// Never called by a CPU that is itself inside guest code. Harts answer within microseconds, so this first spins and then yields.
    /// </remarks>
    public void WaitUntilAcknowledged(long epoch)
    {
        foreach (SafePointParticipant participant in Volatile.Read(ref _participants))
        {
            var spin = default(SpinWait);
            while (!participant.HasAcknowledged(epoch))
                spin.SpinOnce();
        }
    }

    /// <summary>Says whether every CPU has acknowledged an epoch, or is outside guest code.</summary>
    /// <param name="epoch">What <see cref="Advance"/> returned.</param>
    /// <param name="except">A CPU that is not asked; usually the caller.</param>
    /// <returns><see langword="true"/> when the epoch is in force everywhere else.</returns>
    public bool IsAcknowledged(long epoch, SafePointParticipant? except = null)
    {
        foreach (SafePointParticipant participant in Volatile.Read(ref _participants))
        {
            if (participant != except && !participant.HasAcknowledged(epoch))
                return false;
        }

        return true;
    }
}
