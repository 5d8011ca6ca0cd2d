using Godwit.VmState;
using Godwit.Wire;

namespace Godwit.Migration;

/// <summary>The destination side of one virtual machine: listens once, loads one stream on a thread of its own, starts the guest.</summary>
/// <remarks>
/// The order at the end is the rule against two running guests: SHUT 0 leaves first, the guest starts after that; when SHUT 0 cannot be
/// delivered the guest does not start. <c>docs/migration-states.md</c>
/// </remarks>
public sealed partial class IncomingMigration : IDisposable
{
    private readonly Lock _commands = new();
    private readonly IMigrationHost _host;
    private readonly IMigrationEvents _events;
    private readonly MigrationStateMachine _state;
    private readonly CancellationTokenSource _stop = new();
    private readonly ManualResetEventSlim _ended = new();
    private Thread? _thread;
    private IChannelListener? _listener;
    private volatile IReadOnlyList<MigrationAddress> _listenAddresses = [];
    private readonly TransportChannels _channels = new();
    private FileAddress? _file;
    private IFdResolver? _fds;
    private volatile Exception? _channelError;
    private volatile bool _hasListened;
    private bool _started;
    private bool _isDisposed;
    private volatile string? _errorDescription;
    private PeerProfile? _sourceProfile;

    /// <summary>Creates the destination side; it does nothing until told to listen.</summary>
    public IncomingMigration(
        IMigrationHost host, MigrationSettings settings, IMigrationEvents events, IncomingMigrationOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(host);
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(events);
        _host = host;
        Settings = settings;
        _events = events;
        Options = options ?? new IncomingMigrationOptions();
        _state = new MigrationStateMachine(Report);
    }

    /// <summary>The capabilities and parameters.</summary>
    public MigrationSettings Settings { get; }

    /// <summary>Profile, log and times.</summary>
    public IncomingMigrationOptions Options { get; }

    /// <summary>The state.</summary>
    public MigrationStatus Status => _state.Status;

    /// <summary>Why the load failed; null when it did not.</summary>
    public string? ErrorDescription => _errorDescription;

    /// <summary>The release that wrote the loaded stream, by the versions of its sections; null before that.</summary>
    public PeerProfile? SourceProfile => Volatile.Read(ref _sourceProfile);

    /// <summary>The process is to end with status 1 when the load fails.</summary>
    public bool ExitsOnError { get; private set; } = true;

    /// <summary>True from the start of a socket listener to the end of the load; some capabilities have to be set before or after.</summary>
    public bool IsListenerStarted => _hasListened && Status is not (MigrationStatus.Completed or MigrationStatus.Failed);

    /// <summary>Called once, on the incoming thread, when the load has ended; true for success.</summary>
    public Action<bool>? Ended { get; set; }

    /// <summary>Where sockets listen, for query-migrate; empty for other transports and once the load has ended.</summary>
    public IReadOnlyList<MigrationAddress> ListenAddresses =>
        Status is MigrationStatus.Setup or MigrationStatus.Active ? _listenAddresses : [];

    /// <summary>Listens at an address and returns; the load is done on its own thread when the source connects.</summary>
    /// <param name="address">Where to listen, or what to read.</param>
    /// <param name="exitOnError">What <see cref="ExitsOnError"/> is to say.</param>
    /// <param name="fds">The monitor's descriptors, for <c>fd:</c>.</param>
    /// <exception cref="MigrationRefusedException">Not now, not there, or it cannot be opened; the call may be repeated after the last two.</exception>
    public void Listen(MigrationAddress address, bool exitOnError = true, IFdResolver? fds = null)
    {
        ArgumentNullException.ThrowIfNull(address);
        lock (_commands)
        {
            CheckAllowed();
            if (TransportRules.Check(address, Settings.Capabilities) is { } refusal)
                throw new MigrationRefusedException(refusal);
            _state.TryMove(MigrationStatus.None, MigrationStatus.Setup);
            var capabilities = Settings.Capabilities;
            var backlog = capabilities.MultiFd ? Settings.Parameters.MultifdChannels : capabilities.PostcopyPreempt ? 2 : 1;
            IChannelListener listener;
            try
            {
                listener = ChannelFactory.Listen(address, fds, backlog);
            }
            catch (MigrationException e)
            {
                // Peers are stuck in setup after this; here the client may try another address.
                _state.TryMove(MigrationStatus.Setup, MigrationStatus.None);
                throw new MigrationRefusedException(e.Message, e);
            }

            Volatile.Write(ref _listener, listener);
            _listenAddresses = listener.LocalAddresses;
            _hasListened = address is TcpAddress or UnixAddress;
            ExitsOnError = exitOnError;
            _file = address as FileAddress;
            _fds = fds;
            Begin(listener.Accept, listener.LocalAddress.ToUri());
        }
    }

    /// <summary>Loads from a channel that the caller accepts.</summary>
    /// <param name="accept">Gives the main channel; runs on the incoming thread and heeds the token.</param>
    /// <param name="exitOnError">What <see cref="ExitsOnError"/> is to say.</param>
    /// <exception cref="MigrationRefusedException">A load was started already, or the machine does not wait for one.</exception>
    public void Listen(Func<CancellationToken, Channel> accept, bool exitOnError = true)
    {
        ArgumentNullException.ThrowIfNull(accept);
        lock (_commands)
        {
            CheckAllowed();
            ExitsOnError = exitOnError;
            _state.TryMove(MigrationStatus.None, MigrationStatus.Setup);
            Begin(accept, "a given channel");
        }
    }

    /// <summary>Waits until the load has ended, successfully or not; false when the time is over.</summary>
    public bool WaitForEnd(TimeSpan timeout) => _ended.Wait(timeout);

    /// <summary>Gives up: no connection is taken any more, a running load fails. Returns at once; for the end of the process.</summary>
    public void Stop()
    {
        _stop.Cancel();
        _channels.Shutdown();
    }

    /// <summary>Gives up and waits for the thread.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, true))
            return;
        Stop();
        if (_thread is { } thread && thread != Thread.CurrentThread)
            thread.Join();
        _listener?.Dispose();
        _channels.Dispose();
        _ended.Dispose();
        _stop.Dispose();
    }

    private void CheckAllowed()
    {
        if (_started)
            throw new MigrationRefusedException("The incoming migration has already been started");
        if (_host.RunState != RunState.InMigrate)
            throw new MigrationRefusedException("'-incoming' was not specified on the command line");
        if (_host.Registry.BlockedReason is { } reason)
            throw new MigrationRefusedException(reason);
    }

    private void Begin(Func<CancellationToken, Channel> accept, string address)
    {
        _started = true;
        _host.GlobalState.Reset();
        Log.Listening(Options.Logger, address);
        _thread = new Thread(() => Run(accept)) { IsBackground = true, Name = "incoming migration" };
        _thread.Start();
    }

    private void Report(MigrationStatus status)
    {
        Log.IncomingStatus(Options.Logger, status.ToQapiName());
        _events.StateChanged(status);
    }
}
