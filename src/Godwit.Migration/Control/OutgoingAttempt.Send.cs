using System.Collections.Immutable;
using Godwit.VmState;
using Godwit.Wire;

namespace Godwit.Migration;

/// <content>The stream, in order: head, setup, rounds, switchover, devices, hand-over.</content>
internal sealed partial class OutgoingAttempt
{
    private static readonly TimeSpan _pollInterval = TimeSpan.FromMilliseconds(10);

    /// <summary>The longest preparation after which the guest is stopped without another look at what it has written meanwhile.</summary>
    private static readonly TimeSpan _shortPreparation = TimeSpan.FromMilliseconds(10);

    private void Send()
    {
        var started = _statistics.Clock.GetTimestamp();
        var save = Begin(LimitBytesPerSecond);
        SetUp(save);
        WaitForUnplug(save);
        _statistics.SetupMilliseconds = (long)_statistics.Clock.GetElapsedTime(started).TotalMilliseconds;

        if (_capabilities.BackgroundSnapshot)
        {
            SendSnapshot(save);
            return;
        }

        Iterate(save);
        Rehearse(save);
        SwitchOver();
        SendStoppedState(save);
        HandOver(save);
    }

    private SaveVmWriter Begin(long limitBytesPerSecond)
    {
        var writer = new MigrationWriter(_channels!.Main!, _owner.Limiter);
        _owner.Limiter.BytesPerSecond = limitBytesPerSecond;
        _owner.Limiter.Reset();
        return new SaveVmWriter(writer, _host.Registry, _owner.Profile);
    }

    private void SetUp(SaveVmWriter save)
    {
        using (_host.BigLock.Enter())
        {
            foreach (var entry in save.Entries)
                entry.Handlers?.SavePrepare();
        }

        save.WriteHeader(ConfigurationState.Create(_host.MachineName, _host.Uuid, _capabilities));
        if (_capabilities.ReturnPath && _channels!.Main!.HasReturnPath)
        {
            _returnPath = new SourceReturnPath(
                _channels.Main!, _host, _statistics, _capabilities, save.Profile, () => _state.Status, Fail, _owner.Options.Logger);
            _returnPath.Start();
            save.WriteCommand(MigrationCommand.OpenReturnPath);
            save.WritePing(1);
        }

        using (_host.BigLock.Enter())
            save.WriteSetupSections();

        save.Writer.Flush();
        ThrowIfStopped();
    }

    private void WaitForUnplug(SaveVmWriter save)
    {
        if (!save.Entries.Any(static entry => entry.IsUnplugPending))
        {
            Move(MigrationStatus.Setup, MigrationStatus.Active);
            return;
        }

        Move(MigrationStatus.Setup, MigrationStatus.WaitUnplug);
        while (save.Entries.Any(static entry => entry.IsUnplugPending))
        {
            _stop.Token.WaitHandle.WaitOne(_pollInterval);
            ThrowIfStopped();
        }

        Move(MigrationStatus.WaitUnplug, MigrationStatus.Active);
    }

    /// <summary>Rounds while the guest runs, until what is left fits into the downtime limit.</summary>
    private void Iterate(SaveVmWriter save)
    {
        var policy = IterationPolicy.For(save.Profile);
        var window = new BandwidthWindow(_statistics, _owner.Settings);
        ImmutableArray<SaveStateEntry> iterative = [.. save.Entries.Where(static entry => entry.Handlers is { HasSetup: true })];
        var isPrepared = false;
        while (true)
        {
            ThrowIfStopped();
            if (_owner.Limiter.BytesPerSecond != LimitBytesPerSecond)
                _owner.Limiter.BytesPerSecond = LimitBytesPerSecond;
            window.Update();

            var pending = QueryPending(iterative, exact: false);
            if (policy.NeedsExactCount(pending, window.ThresholdBytes))
                pending = QueryPending(iterative, exact: true);
            Log.Round(_owner.Options.Logger, _statistics.Iterations, pending.TotalBytes, window.ThresholdBytes);
            if (policy.CanComplete(pending, window.ThresholdBytes))
            {
                if (IsSwitchoverAllowed)
                {
                    if (isPrepared || PrepareToStop())
                        return;
                    isPrepared = true;
                    continue;
                }

                // All is sent and the destination has not agreed yet: no use in rounds of nothing.
                _stop.Token.WaitHandle.WaitOne(_pollInterval);
            }

            WriteRound(save, iterative);
            _statistics.CountIteration();
            if (_owner.Limiter.IsExceeded)
            {
                save.Writer.Flush();
                _owner.Limiter.WaitForNextSlice(_stop.Token);
            }
        }
    }

    private void WriteRound(SaveVmWriter save, ImmutableArray<SaveStateEntry> iterative)
    {
        foreach (var entry in iterative)
        {
            if (entry.Handlers is not { HasIterate: true, IsActive: true, IsActiveIterate: true })
                continue;
            if (_owner.Limiter.IsExceeded)
                return;
            save.WritePart(entry);
            ThrowIfStopped();
        }
    }

    private static PendingBytes QueryPending(ImmutableArray<SaveStateEntry> iterative, bool exact)
    {
        var sum = default(PendingBytes);
        foreach (var entry in iterative)
        {
            if (entry.Handlers is { IsActive: true } handlers)
                sum += handlers.QueryPending(exact, final: false);
        }

        return sum;
    }

    /// <summary>Does beforehand what would hold up the stop; false when that took so long that the guest may have written too much.</summary>
    private bool PrepareToStop()
    {
        var start = _statistics.Clock.GetTimestamp();
        _host.PrepareToStop();
        return _statistics.Clock.GetElapsedTime(start) <= _shortPreparation;
    }

    /// <summary>Saves the devices once for nothing while the guest still runs, so that it stands still the shorter for it.</summary>
    private void Rehearse(SaveVmWriter save)
    {
        try
        {
            using (_host.BigLock.Enter())
                save.RehearseFullSections(_deviceWriter);
        }
        catch (VmStateException)
        {
            // A device that refuses to be saved while it works says so again when it stands still, if it still does then.
        }

        _deviceWriter.Flush();
        _devices.ResetWrittenCount();
    }

    /// <summary>Stops the guest and waits for the client, if it wants to be asked.</summary>
    private void SwitchOver()
    {
        _downtimeStart = _statistics.Clock.GetTimestamp();
        _before = _host.StopForMigration();
        _statistics.Phase = RamPhase.Downtime;
        _owner.Limiter.BytesPerSecond = 0;
        ThrowIfStopped();
        if (!_capabilities.PauseBeforeSwitchover)
        {
            Move(MigrationStatus.Active, MigrationStatus.Device);
            return;
        }

        Move(MigrationStatus.Active, MigrationStatus.PreSwitchover);
        WaitHandle.WaitAny([_continue.WaitHandle, _stop.Token.WaitHandle]);
        ThrowIfStopped();
        Move(MigrationStatus.PreSwitchover, MigrationStatus.Device);
    }

    /// <summary>The rest of memory and the devices. Devices go through a buffer: a slow peer must not hold up the big lock.</summary>
    private void SendStoppedState(SaveVmWriter save)
    {
        using (_host.BigLock.Enter())
        {
            foreach (var entry in save.Entries)
            {
                if (entry.Handlers is { HasSetup: true, IsActive: true } handlers)
                    handlers.QueryPending(exact: true, final: true);
            }
        }

        if (_owner.Options.SendSwitchoverStart ?? save.Profile.SendsSwitchoverStart)
            save.WriteCommand(MigrationCommand.SwitchoverStart);
        save.WriteEndSections();
        ThrowIfStopped();

        _host.GlobalState.RunState = _before!.Value;
        using (_host.BigLock.Enter())
            save.WriteFullSections(_deviceWriter);
        _deviceWriter.Flush();
        save.Writer.Write(_devices.WrittenSpan);
        save.Writer.Flush();
        ThrowIfStopped();
    }

    /// <summary>
    /// The byte that completes the stream leaves in a write of its own. When that write fails the destination cannot have everything, and
    /// the guest may go on here; once it has succeeded only the destination's answer decides.
    /// </summary>
    private void HandOver(SaveVmWriter save)
    {
        lock (_gate)
        {
            // A cancel or a failure that came first has to win here: nothing has completed the stream yet.
            ThrowIfStopped();
            _handOver = true;
        }

        save.WriteEof();
        try
        {
            save.Writer.Flush();
        }
        catch
        {
            WithdrawHandOver();
            throw;
        }

        save.WriteDescription();
        save.Writer.Flush();
        if (_returnPath is null)
        {
            save.Writer.Channel.FinishWriting();
            return;
        }

        _returnPath.Wait();
        if (_returnPath.Failure is { } failure)
            throw new MigrationFailedException(failure.Message, failure);
    }

    private void WithdrawHandOver()
    {
        lock (_gate)
        {
            _handOver = false;
            if (_cancelledInHandOver && _state.TryMove(MigrationStatus.Device, MigrationStatus.Cancelling))
                _cancelled = true;
        }
    }

    private bool IsSwitchoverAllowed => _returnPath is null || _returnPath.SwitchoverApproved || _host.RunState != RunState.Running;

    private long LimitBytesPerSecond =>
        (long)Math.Min(long.MaxValue, _owner.Settings.Parameters.MaxBandwidthBytesPerSecond);
}
