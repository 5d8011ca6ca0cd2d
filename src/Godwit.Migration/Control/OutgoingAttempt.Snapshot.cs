using System.Collections.Immutable;
using Godwit.VmState;

namespace Godwit.Migration;

/// <content>Background snapshot: the stream shows one instant, and the guest runs on (docs/migration-states.md, "Background snapshot").</content>
internal sealed partial class OutgoingAttempt
{
    private void SendSnapshot(SaveVmWriter save)
    {
        _owner.Limiter.BytesPerSecond = 0;
        ImmutableArray<SaveStateEntry> iterative = [.. save.Entries.Where(static entry => entry.Handlers is { HasSetup: true })];
        var leases = new List<IDisposable>();
        Rehearse(save);
        try
        {
            StopAndSaveDevices(save, iterative, leases);

            // Devices that start again write to memory, and may have to wait for this thread then.
            var before = _before!.Value;
            var resume = Task.Run(() => ResumeAfterInstant(before));
            try
            {
                foreach (var entry in iterative)
                    SendWhole(save, entry);
            }
            catch (Exception e)
            {
                Remember(e); // before what the guest's start may have to say
                throw;
            }
            finally
            {
                EndAll(leases);
                resume.GetAwaiter().GetResult();
                _before = null; // what the guest does from here on is not this migration's business
            }

            save.Writer.Write(_devices.WrittenSpan);
        }
        finally
        {
            EndAll(leases);
        }

        Finish(save);
    }

    /// <summary>Ends a stream that nobody takes the guest from.</summary>
    private void Finish(SaveVmWriter save)
    {
        save.WriteEof();
        save.WriteDescription();
        save.Writer.Flush();
        lock (_gate)
        {
            // A cancel wins up to here. From here on it comes too late, as it does once the file has its name.
            ThrowIfStopped();
            _concluded = true;
        }

        save.Writer.Channel.FinishWriting();
    }

    /// <summary>The instant: the guest stands still, its devices are saved and its memory is protected.</summary>
    private void StopAndSaveDevices(SaveVmWriter save, ImmutableArray<SaveStateEntry> iterative, List<IDisposable> leases)
    {
        _downtimeStart = _statistics.Clock.GetTimestamp();
        _before = _host.StopForMigration();
        ThrowIfStopped();
        _host.GlobalState.RunState = _before.Value;
        using (_host.BigLock.Enter())
            save.WriteFullSections(_deviceWriter);
        _deviceWriter.Flush();
        foreach (var entry in iterative)
        {
            if (entry.Handlers!.BeginSnapshot() is { } lease)
                leases.Add(lease);
        }
    }

    private void ResumeAfterInstant(RunState before)
    {
        _host.ResumeAfterMigration(before);
        _statistics.DowntimeMilliseconds = (long)_statistics.Clock.GetElapsedTime(_downtimeStart).TotalMilliseconds;
    }

    private void SendWhole(SaveVmWriter save, SaveStateEntry entry)
    {
        bool isDone;
        do
        {
            isDone = save.WritePart(entry);
            ThrowIfStopped();
            _statistics.CountIteration();
        }
        while (!isDone);
    }

    private static void EndAll(List<IDisposable> leases)
    {
        foreach (var lease in leases)
            lease.Dispose();
        leases.Clear();
    }

    private void EndSnapshot()
    {
        CleanUp();
        _statistics.Finish(completed: true);
        Log.OutgoingCompleted(
            _owner.Options.Logger, _statistics.TotalMilliseconds, _statistics.DowntimeMilliseconds, _statistics.TransferredBytes);
        _state.TryMove(MigrationStatus.Active, MigrationStatus.Completed);
    }
}
