namespace Godwit.Migration;

/// <summary>Limits what each vCPU dirties when a migration does not converge (docs/formats/ram.md, "Dirty limit").</summary>
/// <remarks>Made for one migration; the migration thread makes all calls.</remarks>
internal sealed class DirtyLimit
{
    private readonly IRamMigrationContext _context;
    private readonly ConvergenceTrigger _trigger = new();
    private (ulong Rate, ulong Period) _inForce;

    /// <summary>Without a limit yet.</summary>
    public DirtyLimit(IRamMigrationContext context) => _context = context;

    /// <summary>Looks at one period; follows the parameters once a limit is in force.</summary>
    /// <param name="dirtyBytes">Bytes newly dirtied in it.</param>
    /// <param name="sentBytes">Bytes sent in it.</param>
    public void Decide(long dirtyBytes, long sentBytes)
    {
        MigrationParameters parameters = _context.Parameters;
        bool isDue = _trigger.IsDue(dirtyBytes, sentBytes, (int)parameters[MigrationParameter.ThrottleTriggerThreshold].Number);
        if (!isDue && _inForce == default)
            return;
        (ulong Rate, ulong Period) wanted =
            (parameters[MigrationParameter.VcpuDirtyLimit].Number, parameters[MigrationParameter.XVcpuDirtyLimitPeriod].Number);
        if (wanted == _inForce)
            return;
        _inForce = wanted;
        _context.LimitDirtying(wanted.Rate, TimeSpan.FromMilliseconds((long)wanted.Period));
    }

    /// <summary>Takes the limit away, if there is one.</summary>
    public void End()
    {
        if (_inForce == default)
            return;
        _inForce = default;
        _context.UnlimitDirtying();
    }
}
