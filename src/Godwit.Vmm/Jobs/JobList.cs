using System.Text.Json.Nodes;

namespace Godwit.Vmm;

/// <summary>Commands that go on after their reply, each on a thread of its own, until they are dismissed (docs/formats/qmp.md, "Jobs").</summary>
/// <remarks>Any thread.</remarks>
public sealed class JobList : IDisposable
{
    private readonly Action<VmEvent> _report;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, JobInfo> _jobs = new(StringComparer.Ordinal);
    private readonly List<Thread> _threads = [];
    private bool _isDisposed;

    /// <summary>Makes an empty list.</summary>
    /// <param name="report">Told of each change of a job.</param>
    public JobList(Action<VmEvent> report)
    {
        ArgumentNullException.ThrowIfNull(report);
        _report = report;
    }

    /// <summary>The jobs that were not dismissed, by start.</summary>
    public IReadOnlyList<JobInfo> Jobs
    {
        get
        {
            lock (_lock)
                return [.. _jobs.Values];
        }
    }

    /// <summary>Starts a job and returns.</summary>
    /// <param name="id">A letter, then letters, digits, <c>-</c>, <c>.</c> and <c>_</c>; not in use.</param>
    /// <param name="kind">What it does.</param>
    /// <param name="work">Does it; what it throws is the job's error.</param>
    /// <exception cref="VmRefusedException">The id cannot be used.</exception>
    public void Start(string id, string kind, Action work)
    {
        ArgumentNullException.ThrowIfNull(id);
        ArgumentNullException.ThrowIfNull(work);
        if (!IsWellFormed(id))
            throw new VmRefusedException($"Invalid job ID '{id}'");
        var thread = new Thread(() => Run(id, work)) { IsBackground = true, Name = $"job {id}" };
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            if (!_jobs.TryAdd(id, new JobInfo(id, kind, "created", 0, 1)))
                throw new VmRefusedException($"Job ID '{id}' already in use");
            _threads.RemoveAll(static other => !other.IsAlive);
            _threads.Add(thread);
        }

        Report(id, "created");
        Move(id, "running");
        thread.Start();
    }

    /// <summary>Forgets a job that has ended.</summary>
    /// <exception cref="VmRefusedException">There is none of that id, or it has not ended.</exception>
    public void Dismiss(string id)
    {
        ArgumentNullException.ThrowIfNull(id);
        lock (_lock)
        {
            if (!_jobs.TryGetValue(id, out JobInfo? job))
                throw new VmRefusedException("Job not found");
            if (job.Status != "concluded")
                throw new VmRefusedException($"Job '{id}' in state '{job.Status}' cannot accept command verb 'dismiss'");
            _jobs.Remove(id);
        }

        Report(id, "null");
    }

    /// <summary>Waits until no job runs; no more can be started.</summary>
    public void Dispose()
    {
        Thread[] threads;
        lock (_lock)
        {
            _isDisposed = true;
            threads = [.. _threads.Where(static thread => thread.IsAlive)];
        }

        foreach (Thread thread in threads)
            thread.Join();
    }

    private void Run(string id, Action work)
    {
        string? error = null;
        try
        {
            lock (_lock)
                ObjectDisposedException.ThrowIf(_isDisposed, this);
            work();
        }
        catch (Exception e)
        {
            error = e.Message;
        }

        lock (_lock)
            _jobs[id] = _jobs[id] with { CurrentProgress = 1, Error = error };
        if (error is null)
        {
            Move(id, "waiting");
            Move(id, "pending");
        }
        else
        {
            Move(id, "aborting");
        }

        Move(id, "concluded");
    }

    private void Move(string id, string status)
    {
        lock (_lock)
            _jobs[id] = _jobs[id] with { Status = status };
        Report(id, status);
    }

    private void Report(string id, string status) =>
        _report(new VmEvent("JOB_STATUS_CHANGE", new JsonObject { ["status"] = status, ["id"] = id }));

    private static bool IsWellFormed(string id) =>
        id.Length > 0 && char.IsAsciiLetter(id[0]) && id.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '_');
}
