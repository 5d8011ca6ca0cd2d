using Godwit.Native;
using Godwit.Wire;

namespace Godwit.Migration;

/// <content>How an attempt ends, and who owns the guest then.</content>
internal sealed partial class OutgoingAttempt
{
    /// <summary>What the channel of a command reports when the command does not end.</summary>
    private const int CommandStillRuns = Errno.ETIMEDOUT;

    private void Conclude(bool completed)
    {
        bool cancelled;
        lock (_gate)
        {
            _concluded = true;
            cancelled = _cancelled;
        }

        if (completed)
            EndCompleted();
        else
            EndOtherwise(cancelled);
        _channels?.Dispose();
    }

    private void EndCompleted()
    {
        if (_capabilities.BackgroundSnapshot)
        {
            EndSnapshot();
            return;
        }

        // The answer ends it; the thread that waited for the answer may have had to wait for a CPU as well. A peer may have answered long before.
        var end = _returnPath is { } path ? Math.Max(path.ShutTimestamp, _downtimeStart) : _statistics.Clock.GetTimestamp();
        _statistics.DowntimeMilliseconds = (long)_statistics.Clock.GetElapsedTime(_downtimeStart, end).TotalMilliseconds;
        _host.SetRunState(RunState.PostMigrate);
        CleanUp();
        _statistics.Finish(completed: true);
        Log.OutgoingCompleted(
            _owner.Options.Logger, _statistics.TotalMilliseconds, _statistics.DowntimeMilliseconds, _statistics.TransferredBytes);
        _state.TryMove(MigrationStatus.Device, MigrationStatus.Completed);
    }

    private void EndOtherwise(bool cancelled)
    {
        // Nothing may come from the peer any more when it is decided who owns the guest.
        _channels?.Shutdown();
        _returnPath?.Wait();
        _statistics.Finish(completed: false);
        if (_returnPath is { ShutReceived: true } && _handOver)
        {
            // The answer came after all, while another thread gave up waiting for it.
            EndCompleted();
            return;
        }

        if (IsHandOverUndecided())
        {
            EndUndecided();
            return;
        }

        if (cancelled)
        {
            _errorDescription = _cancelCause?.Message;
            Resume();
            CleanUp();
            _state.TryMove(MigrationStatus.Cancelling, MigrationStatus.Cancelled);
            return;
        }

        _errorDescription = Describe();
        Log.OutgoingFailed(_owner.Options.Logger, _errorDescription);
        _state.TryMove(static status => status.IsRunning(), MigrationStatus.Failed);
        Resume();
        CleanUp();
    }

    /// <summary>The guest may run at the destination, so it must not run here; only somebody who can look at both may decide.</summary>
    private void EndUndecided()
    {
        _isUndecided = true;
        _errorDescription = $"{Describe()}: everything was sent and the destination did not answer, so it may run the guest. "
            + "The guest stays stopped here; continue it only when it does not run there";
        Log.HandOverUndecided(_owner.Options.Logger, _errorDescription);
        _host.SetRunState(RunState.PostMigrate);
        CleanUp();
        _state.TryMove(static status => status.IsRunning(), MigrationStatus.Failed);
    }

    private bool IsHandOverUndecided()
    {
        if (!_handOver)
            return false;
        // The peer said that it will not run the guest.
        if (_returnPath is { RefusedByPeer: true })
            return false;
        var channel = _channels!.Main!;
        if (channel.HasReturnPath)
            return true;

        // One way only, a file or a command: nobody could have answered, so the write's own completion decides. A command that has not
        // ended may still be passing everything on.
        return !channel.IsSeekable && (_cancelledInHandOver || Volatile.Read(ref _firstError) is ChannelException { Errno: CommandStillRuns });
    }

    private void Resume()
    {
        if (_before is { } before)
            _host.ResumeAfterMigration(before);
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
                        handlers.SaveCleanup();
                }
            }
        }
        catch (Exception e)
        {
            Log.CleanupFailed(_owner.Options.Logger, e);
        }
    }

    private string Describe() => Volatile.Read(ref _firstError) switch
    {
        null => "The migration was interrupted",
        StreamFormatException e => $"Return path: {e.Message}",
        var e => e.Message,
    };
}
