namespace Godwit.Snapshot;

/// <summary>What may still be kept in memory of one inspection; what does not fit is read and dropped.</summary>
internal sealed class InspectBudget(InspectOptions options)
{
    /// <summary>Fields decoded, kept or not: a small description can ask for a field per byte of a large file, many times.</summary>
    private const long MaxWork = 1L << 26;

    private long _fields = options.MaxFields;
    private long _bytes = options.MaxKeptBytes;
    private long _work = MaxWork;
    private long _runs = options.MaxPageRuns;

    public bool TakeField() => _fields > 0 && --_fields >= 0;

    public bool TakeWork() => --_work >= 0;

    public bool TakeBytes(long count)
    {
        if (count > options.MaxBufferBytes || count > _bytes)
            return false;
        _bytes -= count;
        return true;
    }

    public bool TakeRun() => _runs > 0 && --_runs >= 0;
}
