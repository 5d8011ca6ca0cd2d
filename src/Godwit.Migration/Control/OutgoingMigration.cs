using Godwit.Wire;

namespace Godwit.Migration;

/// <summary>The source side of one virtual machine: one object for its life, one attempt at a time.</summary>
/// <remarks>
/// Commands come from any thread and return at once; the work is done by a dedicated thread per attempt. States, their
/// failure edges and the rule of the hand-over: <c>docs/migration-states.md</c>.
/// </remarks>
public sealed partial class OutgoingMigration : IDisposable
{
    private readonly Lock _commands = new();
    private readonly IMigrationHost _host;
    private readonly IMigrationEvents _events;
    private readonly MigrationStateMachine _state;
    private readonly MigrationMetrics _metrics;
    private OutgoingAttempt? _attempt;
    private bool _isDisposed;

    /// <summary>Creates the source side.</summary>
    /// <param name="host">The virtual machine.</param>
    /// <param name="settings">Its capabilities and parameters; changing capabilities is refused while a migration runs.</param>
    /// <param name="events">Told of states and passes.</param>
    /// <param name="options">Which peer, clock and log; defaults when null.</param>
    public OutgoingMigration(
        IMigrationHost host, MigrationSettings settings, IMigrationEvents events, OutgoingMigrationOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(host);
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(events);
        _host = host;
        Settings = settings;
        _events = events;
        Options = options ?? new OutgoingMigrationOptions();
        Statistics = new MigrationStatistics(Options.Clock);
        Limiter = new RateLimiter(time: Options.Clock);
        _metrics = new MigrationMetrics(Statistics);
        _state = new MigrationStateMachine(Report);
        settings.IsMigrationRunning = () => Status.IsRunning();
        host.Registry.IsMigrationRunning = settings.IsMigrationRunning;
    }

    /// <summary>The capabilities and parameters.</summary>
    public MigrationSettings Settings { get; }

    /// <summary>Which peer, clock and log.</summary>
    public OutgoingMigrationOptions Options { get; }

    /// <summary>What is counted about the attempt that runs, or about the last one.</summary>
    public MigrationStatistics Statistics { get; }

    /// <summary>The bandwidth limit shared by all channels.</summary>
    public RateLimiter Limiter { get; }

    /// <summary>The state.</summary>
    public MigrationStatus Status => _state.Status;

    /// <summary>The first cause of the last attempt's failure; null when there was none.</summary>
    public string? ErrorDescription => _attempt?.ErrorDescription;

    /// <summary>
    /// True after an attempt that lost its peer between the last byte and the peer's answer: the guest stays stopped here, because it
    /// may run there.
    /// </summary>
    public bool IsUndecided => _attempt is { IsUndecided: true };

    /// <summary>Starts a migration over a channel that the caller opens.</summary>
    /// <param name="target">Where it goes, for log lines.</param>
    /// <param name="connect">Opens the main channel; runs on the migration thread and heeds the token.</param>
    /// <param name="connectMore">Opens a further channel, for multifd; null where there can be none.</param>
    /// <exception cref="MigrationRefusedException">A migration runs, or the machine cannot be migrated now.</exception>
    /// <exception cref="ObjectDisposedException">The machine has ended.</exception>
    public void Start(string target, Func<CancellationToken, Channel> connect, Func<CancellationToken, Channel>? connectMore = null)
    {
        ArgumentNullException.ThrowIfNull(connect);
        lock (_commands)
        {
            CheckAllowed();
            Begin(target).Start(connect, connectMore);
        }
    }

    /// <summary>Cancels the attempt that runs; no effect when there is none. Returns before the attempt has ended.</summary>
    /// <remarks>
    /// Once everything was sent and only the destination's answer is missing, a cancel ends the waiting; since the destination may run the
    /// guest, the attempt then ends as undecided, not as cancelled.
    /// </remarks>
    /// <exception cref="MigrationRefusedException">Postcopy has begun.</exception>
    public void Cancel()
    {
        if (Status.IsPostcopy())
            throw new MigrationRefusedException("Postcopy migration in progress, cannot cancel.");
        Volatile.Read(ref _attempt)?.Cancel();
    }

    /// <summary>Ends the wait in pre-switchover.</summary>
    /// <param name="expected">The state in which the caller believes the migration to be.</param>
    /// <exception cref="MigrationRefusedException">It is in another one.</exception>
    public void Continue(MigrationStatus expected)
    {
        var status = Status;
        if (status != expected || Volatile.Read(ref _attempt) is not { } attempt)
            throw new MigrationRefusedException($"Migration not in expected state: {status.ToQapiName()}");
        attempt.Continue();
    }

    /// <summary>Waits until no attempt runs; false when the time is over first.</summary>
    public bool WaitForEnd(TimeSpan timeout) => Volatile.Read(ref _attempt) is not { } attempt || attempt.Wait(timeout);

    /// <summary>Cancels what runs and waits for its end.</summary>
    public void Dispose()
    {
        // With the lock of the commands no attempt begins from here on.
        lock (_commands)
        {
            if (_isDisposed)
                return;
            _isDisposed = true;
        }

        if (Volatile.Read(ref _attempt) is { } attempt)
        {
            attempt.Cancel();
            attempt.Wait(Timeout.InfiniteTimeSpan);
            attempt.Dispose();
        }

        _metrics.Dispose();
        Limiter.Dispose();
    }

    private void CheckAllowed()
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (Status.IsRunning())
            throw new MigrationRefusedException("There's a migration process in progress");
        switch (_host.RunState)
        {
            case RunState.InMigrate:
                throw new MigrationRefusedException("Guest is waiting for an incoming migration");
            case RunState.PostMigrate:
                throw new MigrationRefusedException("Can't migrate the vm that was paused due to previous migration");
        }

        if (_host.Registry.BlockedReason is { } reason)
            throw new MigrationRefusedException(reason);
        var capabilities = Settings.Capabilities;
        if (capabilities.MappedRam && Settings.Parameters.IsCompressedOrEncrypted)
            throw new MigrationRefusedException("Cannot use compression with mapped-ram");
    }

    /// <summary>The point at which an attempt exists: the state becomes setup, the last attempt's results are gone.</summary>
    private OutgoingAttempt Begin(string target)
    {
        // The state shows the end before the thread has quite ended.
        if (_attempt is { } last && !last.Wait(TimeSpan.FromSeconds(10)))
            throw new MigrationRefusedException("There's a migration process in progress");
        _attempt?.Dispose();
        Statistics.Reset(Settings.Parameters.DowntimeLimit);
        var attempt = new OutgoingAttempt(this, _host, _state, target);
        Volatile.Write(ref _attempt, attempt);
        _state.TryMove(static status => !status.IsRunning(), MigrationStatus.Setup);
        return attempt;
    }

    private void Report(MigrationStatus status)
    {
        Log.OutgoingStatus(Options.Logger, status.ToQapiName());
        _events.StateChanged(status);
    }
}
