using Godwit.VmState;
using Godwit.Wire;

namespace Godwit.Migration;

/// <content>The incoming thread: accept, load, answer, start the guest.</content>
public sealed partial class IncomingMigration
{
    private static readonly TimeSpan _refusalTime = TimeSpan.FromSeconds(1);

    private enum LoadStage
    {
        Loading = 0,
        Answering,
        Starting,
    }

    private void Run(Func<CancellationToken, Channel> accept)
    {
        LoadVmReader? load = null;
        var stage = LoadStage.Loading;
        try
        {
            AcceptChannels(accept);
            var channel = _channels.Main!;
            channel.ReadTimeout = Settings.Parameters.ChannelTimeout;

            // All channels there are; whoever else connects is turned away and not left waiting.
            Volatile.Read(ref _listener)?.Dispose();
            _state.TryMove(MigrationStatus.Setup, MigrationStatus.Active);
            load = new LoadVmReader(new MigrationReader(channel), new LoadVmOptions
            {
                Registry = _host.Registry,
                MachineName = _host.MachineName,
                Uuid = _host.Uuid,
                Capabilities = Settings.Capabilities,
                Profile = Options.Profile,
                BigLock = _host.BigLock,
                ReturnChannel = channel.HasReturnPath ? channel : null,
                Logger = Options.Logger,
            });
            load.Load();
            Volatile.Write(ref _sourceProfile, load.SourceProfile);
            CleanUp();
            stage = LoadStage.Answering;
            if (load.ReturnPath is { } path)
            {
                path.Shut(0);

                // A source on this host may have been woken on this CPU, behind this thread: without giving way it would hear of it only when the
                // guest has been started and its CPU thread has had its turn.
                Thread.Yield();
            }

            stage = LoadStage.Starting;
            StartGuest();
            _state.TryMove(MigrationStatus.Active, MigrationStatus.Completed);
        }
        catch (Exception e)
        {
            // A data channel's own error says more than the main channel, which was shut down because of it.
            Fail(e is ChannelException && _channelError is { } first ? first : e, load, stage);
        }

        _ended.Set();
        Ended?.Invoke(Status == MigrationStatus.Completed);
        if (Status == MigrationStatus.Completed && load?.ReturnPath is not null)
            Linger(Options.LingerTime);
        _channels.Dispose();
        Volatile.Read(ref _listener)?.Dispose();
    }

    private void AcceptChannels(Func<CancellationToken, Channel> accept)
    {
        var capabilities = Settings.Capabilities;
        var count = Settings.Parameters.MultifdChannels;
        var channels = new IncomingChannels(_channels, accept, _host.Uuid, Settings.ChannelTimeout);
        if (!capabilities.MultiFd)
        {
            channels.AcceptMain(_stop.Token);
        }
        else if (!capabilities.MappedRam)
        {
            channels.AcceptAll(count, _stop.Token);
        }
        else
        {
            channels.AcceptMain(_stop.Token);
            _channels.Data = new Channel?[count];
            for (var i = 0; i < count; i++)
            {
                var more = ChannelFactory.OpenAdditional(
                    _file ?? throw new MigrationFailedException("Migration requires multi-channel URIs (e.g. tcp)"),
                    _fds, forWriting: false, Settings.Parameters[MigrationParameter.DirectIo].Flag);
                _channels.Data[i] = more;
                _channels.Add(more);
            }
        }
    }

    /// <summary>The run state after the load (<c>docs/migration-states.md</c>, "Run state of the destination").</summary>
    private void StartGuest()
    {
        var global = _host.GlobalState;
        var received = global.Received ? global.RunState : RunState.Running;
        if (received is RunState.Running or RunState.Suspended)
        {
            if (_host.StartsAutomatically)
                _host.StartGuest();
            else
                _host.SetRunState(RunState.Paused);
            return;
        }

        // States between two others mean nothing here.
        _host.SetRunState(received is RunState.InMigrate or RunState.FinishMigrate or RunState.RestoreVm or RunState.SaveVm or RunState.Colo
            ? RunState.Paused : received);
    }

    private void Fail(Exception cause, LoadVmReader? load, LoadStage stage)
    {
        _errorDescription = stage switch
        {
            LoadStage.Loading => $"load of migration failed: {Classify(cause)}: {cause.Message}{Advice(cause)}",
            LoadStage.Answering => $"{cause.Message}: everything was loaded, but the source could not be told so and may run the guest. "
                + "The guest stays stopped here; continue it only when it does not run there",
            _ => $"The guest was loaded, but could not be started: {cause.Message}",
        };
        Log.IncomingFailed(Options.Logger, _errorDescription);
        if (stage == LoadStage.Loading)
        {
            CleanUp();
        }
        else
        {
            _host.SetRunState(RunState.Paused);
        }

        _state.TryMove(static status => status is MigrationStatus.Setup or MigrationStatus.Active, MigrationStatus.Failed);
        if (stage == LoadStage.Loading && load?.ReturnPath is { } returnPath)
            Refuse(returnPath);
    }

    /// <summary>
    /// Tells the source, and reads on until it closes: closing a socket with unread bytes would take the message back. The process may end
    /// right after this, so it is bounded.
    /// </summary>
    private void Refuse(ReturnPathWriter returnPath)
    {
        try
        {
            returnPath.Shut(1);
        }
        catch (ChannelException)
        {
            // The source is gone; it knows that it has not handed over.
            return;
        }

        Linger(_refusalTime);
    }

    /// <summary>Keeps the connection until the source has read the last message and closes.</summary>
    private void Linger(TimeSpan time)
    {
        var channel = _channels.Main!;
        using var timer = new Timer(static state => ((Channel)state!).Shutdown(), channel, time, Timeout.InfiniteTimeSpan);
        Span<byte> rest = stackalloc byte[4096];
        try
        {
            while (channel.Read(rest) > 0)
            {
                // Bytes after the description mean nothing.
            }
        }
        catch (ChannelException)
        {
            // Closed in some other way, or the time is over.
        }
    }

    private void CleanUp()
    {
        try
        {
            using (_host.BigLock.Enter())
            {
                foreach (var entry in _host.Registry.Entries)
                {
                    if (entry.Handlers is { HasSetup: true } handlers)
                        handlers.LoadCleanup();
                }
            }
        }
        catch (VmStateException e)
        {
            Log.CleanupFailed(Options.Logger, e);
        }
    }

    private string Advice(Exception cause) =>
        cause is StreamFormatException refusal && _host.Advise(refusal) is { } advice ? $"; {advice}" : "";

    /// <summary>The error class that peers print in front of the reason.</summary>
    private static string Classify(Exception cause) => cause switch
    {
        ChannelException => "Input/output error",
        StreamFormatException e when e.Reason.Contains("unexpected end of stream", StringComparison.Ordinal) => "Input/output error",
        StreamFormatException e when e.Reason.StartsWith("SaveVM v2", StringComparison.Ordinal) => "Operation not supported",
        StreamFormatException e when e.Reason.StartsWith("VM subsection", StringComparison.Ordinal) => "No such file or directory",
        OperationCanceledException => "Operation canceled",
        _ => "Invalid argument",
    };
}
