using System.Buffers;
using Godwit.Wire;

namespace Godwit.Migration;

/// <summary>One outgoing migration from acceptance to its end, and the thread that does it.</summary>
/// <remarks>
/// The thread is the only one that writes the stream. Others may <see cref="Cancel"/>, <see cref="Continue"/> or
/// <see cref="Fail"/>: they only leave a mark, and shut the channels down so that the thread sees it.
/// </remarks>
internal sealed partial class OutgoingAttempt : IDisposable
{
    /// <summary>Room for the device sections, had before the guest is stopped; they may take more.</summary>
    private const int DeviceBufferBytes = 64 * 1024;

    private static readonly TimeSpan _peerStatementTimeout = TimeSpan.FromMilliseconds(500);

    private readonly OutgoingMigration _owner;
    private readonly IMigrationHost _host;
    private readonly MigrationStateMachine _state;
    private readonly MigrationStatistics _statistics;
    private readonly string _target;
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly ManualResetEventSlim _continue = new();
    private readonly MigrationCapabilities _capabilities;
    private readonly ArrayBufferWriter<byte> _devices = new(DeviceBufferBytes);
    private readonly MigrationWriter _deviceWriter;
    private Thread? _thread;
    private TransportChannels? _channels;
    private volatile Channel[] _dataChannels = [];
    private SourceReturnPath? _returnPath;
    private Exception? _firstError;
    private Exception? _cancelCause;
    private RunState? _before;
    private long _downtimeStart;
    private volatile string? _errorDescription;
    private volatile bool _isUndecided;
    private bool _cancelled;
    private bool _cancelledInHandOver;
    private bool _handOver;
    private bool _concluded;

    public OutgoingAttempt(OutgoingMigration owner, IMigrationHost host, MigrationStateMachine state, string target)
    {
        _owner = owner;
        _host = host;
        _state = state;
        _statistics = owner.Statistics;
        _target = target;
        _capabilities = owner.Capabilities;
        _deviceWriter = MigrationWriter.ToMemory(_devices);
    }

    /// <summary>The first cause of the failure, as the control plane shows it.</summary>
    public string? ErrorDescription => _errorDescription;

    /// <summary>The peer was lost between the last byte and its answer.</summary>
    public bool IsUndecided => _isUndecided;

    /// <summary>The data channels by number; empty without multifd.</summary>
    public IReadOnlyList<Channel> DataChannels => _dataChannels;

    /// <summary>Starts the thread, which connects first.</summary>
    public void Start(Func<CancellationToken, Channel> connect, Func<CancellationToken, Channel>? connectMore)
    {
        Log.OutgoingStarted(_owner.Options.Logger, _target);
        _thread = new Thread(() => Run(connect, connectMore)) { IsBackground = true, Name = "migration" };
        _thread.Start();
    }

    /// <summary>Ends an attempt whose channel could not even be opened.</summary>
    public void EndBeforeStart(Exception cause)
    {
        Remember(cause);
        Conclude(completed: false);
    }

    /// <summary>Asks for the end; see <see cref="OutgoingMigration.Cancel"/>.</summary>
    /// <param name="cause">Why, when it was not the user who asked.</param>
    public void Cancel(Exception? cause = null)
    {
        lock (_gate)
        {
            if (_concluded || _cancelled)
                return;
            if (_handOver)
            {
                _cancelledInHandOver = true;
                Remember(cause ?? new MigrationFailedException("Cancelled while waiting for the destination's answer"));
            }
            else
            {
                if (!_state.TryMove(static status => status.IsRunning() && !status.IsPostcopy(), MigrationStatus.Cancelling))
                    return;
                _cancelled = true;
                _cancelCause = cause;
            }

            Wake();
        }
    }

    /// <summary>Ends the wait in pre-switchover.</summary>
    public void Continue()
    {
        lock (_gate)
        {
            if (!_concluded)
                _continue.Set();
        }
    }

    /// <summary>Ends the attempt with a cause found by another thread.</summary>
    public void Fail(Exception cause)
    {
        lock (_gate)
        {
            if (_concluded)
                return;
            Remember(cause);
            Wake();
        }
    }

    /// <summary>Waits for the thread's end; false when the time is over, or when asked by the thread itself.</summary>
    public bool Wait(TimeSpan timeout)
    {
        if (_thread is not { } thread)
            return true;
        return thread != Thread.CurrentThread && thread.Join(timeout);
    }

    /// <summary>Frees what the ended attempt still holds.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _concluded = true;
            _channels?.Dispose();
            _stop.Dispose();
            _continue.Dispose();
        }
    }

    private void Run(Func<CancellationToken, Channel> connect, Func<CancellationToken, Channel>? connectMore)
    {
        var completed = false;
        try
        {
            Connect(connect);
            if (_capabilities.MultiFd)
                ConnectMore(connectMore ?? throw new MigrationFailedException("Migration requires multi-channel URIs (e.g. tcp)"));
            Send();
            completed = true;
        }
        catch (Exception e)
        {
            // The peer's own word, if it left one, says more than the broken pipe that follows it.
            if (e is ChannelException)
                _returnPath?.Wait(_peerStatementTimeout);
            Remember(e);
        }

        try
        {
            Conclude(completed);
        }
        catch (Exception e)
        {
            Log.CleanupFailed(_owner.Options.Logger, e);
            _errorDescription ??= e.Message;
            _state.TryMove(static status => status.IsRunning(), MigrationStatus.Failed);
        }
    }

    private void Connect(Func<CancellationToken, Channel> connect)
    {
        var channel = connect(_stop.Token);
        lock (_gate)
            _channels = new TransportChannels(channel);
        channel.WriteTimeout = _owner.Settings.Parameters.ChannelTimeout;
        _statistics.AttachMainChannel(channel);
        ThrowIfStopped();
    }

    /// <summary>Opens the data channels, before a byte of the stream is written. Each says at once what it is.</summary>
    private void ConnectMore(Func<CancellationToken, Channel> connect)
    {
        var channels = new Channel[_owner.Settings.Parameters.MultifdChannels];
        Span<byte> init = stackalloc byte[MultiFdFormat.InitBytes];
        for (var i = 0; i < channels.Length; i++)
        {
            var channel = connect(_stop.Token);
            channels[i] = channel;
            channel.WriteTimeout = _owner.Settings.Parameters.ChannelTimeout;
            _channels!.Add(channel);
            ThrowIfStopped();
            if (_capabilities.MappedRam)
                continue; // places in a file need no introduction
            MultiFdFormat.WriteInit(init, _host.Uuid, (byte)i);
            channel.Write(init);
            _statistics.AddMultifdBytes(init.Length);
        }

        _dataChannels = channels;
    }

    private void Remember(Exception cause) => Interlocked.CompareExchange(ref _firstError, cause, null);

    /// <summary>Wakes the thread wherever it waits. The gate is held: an attempt that has ended may be disposed of.</summary>
    private void Wake()
    {
        _stop.Cancel();
        _channels?.Shutdown();
        _owner.Limiter.Wake();
    }

    private void ThrowIfStopped()
    {
        if (Volatile.Read(ref _firstError) is { } cause)
            throw new MigrationFailedException(cause.Message, cause);
        _stop.Token.ThrowIfCancellationRequested();
    }

    private void Move(MigrationStatus from, MigrationStatus to)
    {
        // Only a cancel can be in between.
        if (!_state.TryMove(from, to))
            throw new OperationCanceledException();
    }
}
