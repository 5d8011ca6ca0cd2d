using System.Buffers;
using System.Collections.Immutable;
using Godwit.VmState;
using Godwit.Wire;

namespace Godwit.Migration;

/// <content>Background snapshot: the stream shows one instant, and the guest runs on (docs/migration-states.md, "Background snapshot").</content>
internal sealed partial class OutgoingAttempt
{
    private void SendSnapshot(SaveVmWriter save)
    {
        _owner.Limiter.BytesPerSecond = 0;
        ImmutableArray<SaveStateEntry> iterative = [.. save.Entries.Where(static entry => entry.Handlers is { HasSetup: true })];
        var leases = new List<IDisposable>();
        try
        {
            var devices = StopAndSaveDevices(save, iterative, leases);

            // Devices that start again write to memory, and may have to wait for this thread then.
            var before = _before!.Value;
            var resume = Task.Run(() => ResumeAfterInstant(before));
            try
            {
                foreach (var entry in iterative)
                    SendWhole(save, entry);
            }
            finally
            {
                EndAll(leases);
                resume.GetAwaiter().GetResult();
                _before = null; // what the guest does from here on is not this migration's business
            }

            save.Writer.Write(devices);
        }
        finally
        {
            EndAll(leases);
        }

        save.WriteEof();
        save.WriteDescription();
        save.Writer.Flush();
        save.Writer.Channel.FinishWriting();
    }

    /// <summary>The instant: the guest stands still, its devices are saved and its memory is protected.</summary>
    private ReadOnlySpan<byte> StopAndSaveDevices(SaveVmWriter save, ImmutableArray<SaveStateEntry> iterative, List<IDisposable> leases)
    {
        _downtimeStart = _statistics.Clock.GetTimestamp();
        _before = _host.StopForMigration();
        ThrowIfStopped();
        var devices = new ArrayBufferWriter<byte>();
        var target = MigrationWriter.ToMemory(devices);
        _host.GlobalState.RunState = _before.Value;
        using (_host.BigLock.Enter())
            save.WriteFullSections(target);
        target.Flush();
        foreach (var entry in iterative)
        {
            if (entry.Handlers!.BeginSnapshot() is { } lease)
                leases.Add(lease);
        }

        return devices.WrittenSpan;
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
