namespace Godwit.Migration;

/// <summary>The state of one side: moves by compare-and-set and reports each move once, in order.</summary>
/// <remarks>The lock covers move and report, so that two threads' moves cannot be reported the wrong way round.</remarks>
internal sealed class MigrationStateMachine(Action<MigrationStatus> report)
{
    private readonly Lock _lock = new();
    private volatile int _status = (int)MigrationStatus.None;

    /// <summary>The state now.</summary>
    public MigrationStatus Status => (MigrationStatus)_status;

    /// <summary>Moves if the state is still the expected one.</summary>
    public bool TryMove(MigrationStatus from, MigrationStatus to)
    {
        lock (_lock)
        {
            if (Status != from)
                return false;
            _status = (int)to;
            report(to);
            return true;
        }
    }

    /// <summary>Moves if the state is one of those that a predicate accepts.</summary>
    public bool TryMove(Func<MigrationStatus, bool> from, MigrationStatus to)
    {
        lock (_lock)
        {
            if (!from(Status))
                return false;
            _status = (int)to;
            report(to);
            return true;
        }
    }
}
