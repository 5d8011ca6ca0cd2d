using System.Text.Json.Nodes;
using Godwit.Machine;
using Godwit.Memory;
using Godwit.Migration;
using Godwit.VmState;
using Godwit.Wire;

namespace Godwit.Vmm;

/// <content>The machine as a migration sees it.</content>
public sealed partial class VirtualMachine : IMigrationHost, IMigrationEvents
{
    /// <inheritdoc/>
    public BigLock BigLock => Memory.BigLock;

    /// <inheritdoc/>
    public RamList Ram => Memory.Ram;

    /// <inheritdoc/>
    public VmStateRegistry Registry { get; } = new();

    /// <inheritdoc/>
    public GlobalState GlobalState { get; } = new();

    /// <inheritdoc/>
    public bool StartsAutomatically => _startsAutomatically;

    /// <summary>What part of their time the CPUs are kept from running so that a migration converges, in percent; 0 for none.</summary>
    public int CpuThrottlePercentage
    {
        get => _accelerator.Throttle.Percentage;
        set => _accelerator.Throttle.Percentage = value;
    }

    /// <inheritdoc/>
    IWriteProtection IRunningGuest.WriteProtection => _accelerator.WriteProtection;

    /// <inheritdoc/>
    string? IMigrationHost.Advise(StreamFormatException refusal) => SourceAdvice.For(refusal);

    /// <inheritdoc/>
    void IMigrationHost.PrepareToStop() => _machine.PrepareToPause();

    /// <inheritdoc/>
    RunState IMigrationHost.StopForMigration()
    {
        lock (_run)
        {
            RunState before = RunState;
            if (before == RunState.Running)
                HaltCpus();
            if (_guestEnded)
            {
                // The last instruction ended the guest: handing it over would leave two sides that both wait for nothing.
                throw new MigrationFailedException("The guest has powered off");
            }

            // The last instruction asked for a reset, and the guest would not ask again on the other side.
            if (_guestWantsReset)
                ResetHalted(isGuest: true, "guest-reset");

            _runState.Move(RunState.FinishMigrate);
            if (before == RunState.Running)
                Emit("STOP");
            return before;
        }
    }

    /// <inheritdoc/>
    void IMigrationHost.ResumeAfterMigration(RunState before)
    {
        lock (_run)
        {
            if (RunState != RunState.FinishMigrate)
                return;
            if (before == RunState.Running)
                RunGuest();
            else
                _runState.Move(before);
        }
    }

    /// <inheritdoc/>
    void IMigrationHost.SetRunState(RunState state)
    {
        lock (_run)
        {
            if (_runState.Move(state) != RunState.InMigrate)
                return;
            _isAsSent = Origin is { } origin && RiscVClint.LosesTimers(origin);
            _hasArrived = true;
        }
    }

    /// <inheritdoc/>
    void IMigrationHost.StartGuest()
    {
        lock (_run)
        {
            _hasArrived = true;
            RunGuest();
        }
    }

    /// <inheritdoc/>
    void IMigrationEvents.StateChanged(MigrationStatus status)
    {
        if (Settings.Capabilities.Events)
            Emit("MIGRATION", new JsonObject { ["status"] = status.ToQapiName() });
    }

    /// <inheritdoc/>
    void IMigrationEvents.Pass(long pass)
    {
        if (Settings.Capabilities.Events)
            Emit("MIGRATION_PASS", new JsonObject { ["pass"] = pass });
    }

    // A guest that nothing has run since such a release sent it goes on as it came, to the byte.
    private bool IsTimerArmed(int hart) => !_isAsSent && _machine.Clint.IsTimerLostOn(hart, PeerProfile.Qemu10_0);

    private void OnIncomingEnded(bool success)
    {
        if (!success && Incoming.ExitsOnError)
            _ended.TrySetResult(new VmExit(1, Incoming.ErrorDescription));
    }
}
