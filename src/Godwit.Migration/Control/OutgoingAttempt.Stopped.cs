using Godwit.Wire;

namespace Godwit.Migration;

/// <content>A snapshot of a guest that stands still: the stream without states between setup and completed.</content>
internal sealed partial class OutgoingAttempt
{
    /// <summary>Writes everything on the caller's thread.</summary>
    /// <exception cref="MigrationFailedException">The first cause.</exception>
    public void SaveStopped(Channel channel, RunState before)
    {
        Log.OutgoingStarted(_owner.Options.Logger, _target);
        var isWritten = false;
        try
        {
            lock (_gate)
                _channels = new TransportChannels(channel);
            _statistics.AttachMainChannel(channel);
            _before = before;
            WriteStopped();
            isWritten = true;
        }
        catch (Exception e)
        {
            Remember(e);
        }

        ConcludeStopped(isWritten);
    }

    private void WriteStopped()
    {
        var started = _statistics.Clock.GetTimestamp();
        _statistics.Phase = RamPhase.Downtime;
        _downtimeStart = started;
        var save = Begin(limitBytesPerSecond: 0);
        SetUp(save);
        _statistics.SetupMilliseconds = (long)_statistics.Clock.GetElapsedTime(started).TotalMilliseconds;
        foreach (var entry in save.Entries)
        {
            if (entry.Handlers is { HasSetup: true, HasIterate: true, IsActive: true })
                SendWhole(save, entry);
        }

        SendStoppedState(save);
        Finish(save);
    }

    private void ConcludeStopped(bool isWritten)
    {
        bool cancelled;
        lock (_gate)
        {
            _concluded = true;
            cancelled = _cancelled;
        }

        CleanUp();
        var isDone = isWritten && !cancelled;
        _statistics.DowntimeMilliseconds = (long)_statistics.Clock.GetElapsedTime(_downtimeStart).TotalMilliseconds;
        _statistics.Finish(isDone);
        if (isDone)
        {
            _state.TryMove(MigrationStatus.Setup, MigrationStatus.Completed);
            return;
        }

        _errorDescription = cancelled ? "The snapshot was cancelled" : Describe();
        _state.TryMove(static status => status.IsRunning(), cancelled ? MigrationStatus.Cancelled : MigrationStatus.Failed);
        throw new MigrationFailedException(_errorDescription);
    }
}
