using System.Text.Json.Nodes;
using Godwit.Machine;
using Godwit.Migration;

namespace Godwit.Vmm;

/// <content>Running, stopping, resetting and ending the guest.</content>
public sealed partial class VirtualMachine
{
    // Held while the CPUs are started or stopped and the run state changes with them; taken before the big lock, never on a CPU's thread.
    private readonly Lock _run = new();
    private volatile bool _startsAutomatically;
    private volatile bool _guestEnded;
    private volatile bool _guestWantsReset;
    private volatile bool _isAsSent;

    // The guest came by migration and has not run here yet; its network does not know.
    private bool _hasArrived;

    /// <summary>What the machine is doing.</summary>
    public RunState RunState => _runState.State;

    /// <summary>True while the CPUs may execute guest code.</summary>
    public bool IsRunning => RunState == RunState.Running;

    /// <summary>Begins as the options say: runs the guest, leaves it stopped, or waits for a stream.</summary>
    public void Start()
    {
        lock (_run)
        {
            if (RunState == RunState.Prelaunch && _startsAutomatically)
                RunGuest();
        }
    }

    /// <summary>Runs the guest (<c>cont</c>). While a stream is awaited it only says that the guest is to be started afterwards.</summary>
    /// <exception cref="VmRefusedException">A migration holds the guest, or it has to be reset first.</exception>
    public void Continue()
    {
        lock (_run)
        {
            switch (RunState)
            {
                case RunState.Running:
                    return;
                case RunState.InMigrate:
                    _startsAutomatically = true;
                    return;
                case RunState.FinishMigrate:
                    throw new VmRefusedException("Migration is not finalized yet");
                case RunState.Shutdown or RunState.InternalError or RunState.GuestPanicked:
                    throw new VmRefusedException("Resetting the Virtual Machine is required");
                default:
                    RunGuest();
                    return;
            }
        }
    }

    /// <summary>Stops the guest (<c>stop</c>). While a stream is awaited it only says that the guest is to stay stopped afterwards.</summary>
    public void Stop()
    {
        lock (_run)
        {
            if (RunState == RunState.InMigrate)
                _startsAutomatically = false;
            else if (RunState == RunState.Running)
                StopGuest(RunState.Paused);
        }
    }

    /// <summary>Resets board and CPUs (<c>system_reset</c>); a running guest starts anew.</summary>
    /// <exception cref="VmRefusedException">A migration holds the guest.</exception>
    public void Reset() => Reset(isGuest: false, "host-qmp-system-reset");

    /// <summary>Presses the power button (<c>system_powerdown</c>). This board has none that a guest could see: there is only the event.</summary>
    public void PowerDown() => Emit("POWERDOWN");

    /// <summary>Ends the machine.</summary>
    /// <param name="reason"><c>host-qmp-quit</c> or <c>host-signal</c>.</param>
    public void Quit(string reason) => End(isGuest: false, reason, new VmExit(0));

    /// <summary>Network cards say where they are, as often and with the gaps that the migration parameters say (<c>announce-self</c>).</summary>
    public void AnnounceSelf() => AnnounceSelf(Schedule(Settings.Parameters));

    /// <summary>Network cards say where they are.</summary>
    /// <param name="schedule">How often and when.</param>
    public void AnnounceSelf(AnnounceSchedule schedule) => _machine.AnnounceSelf(schedule);

    private static AnnounceSchedule Schedule(MigrationParameters parameters) => new()
    {
        InitialMilliseconds = (long)parameters[MigrationParameter.AnnounceInitial].Number,
        MaximumMilliseconds = (long)parameters[MigrationParameter.AnnounceMax].Number,
        Rounds = (long)parameters[MigrationParameter.AnnounceRounds].Number,
        StepMilliseconds = (long)parameters[MigrationParameter.AnnounceStep].Number,
    };

    private void Reset(bool isGuest, string reason)
    {
        lock (_run)
        {
            if (RunState is RunState.InMigrate or RunState.FinishMigrate)
                throw new VmRefusedException("Migration is not finalized yet");
            bool wasRunning = RunState == RunState.Running;
            _accelerator.Stop();
            _machine.Pause();
            ResetHalted(isGuest, reason);
            if (RunState is RunState.Shutdown or RunState.InternalError or RunState.GuestPanicked)
                _runState.Move(RunState.Paused);
            if (wasRunning)
            {
                _machine.Resume();
                _accelerator.Start();
            }
        }
    }

    private void ResetHalted(bool isGuest, string reason)
    {
        ResetHardware();
        _guestEnded = _guestWantsReset = _isAsSent = false;
        Emit("RESET", new JsonObject { ["guest"] = isGuest, ["reason"] = reason });
    }

    private void RunGuest()
    {
        _runState.Move(RunState.Running);
        _isAsSent = false;
        using (Memory.BigLock.Enter())
            Memory.IsVmRunning = true;

        // Before anything can happen that is told as well, such as a power-off by the first instruction.
        Emit("RESUME");
        _machine.Resume();
        _clock.Start();
        _accelerator.Start();
        if (_hasArrived)
        {
            _hasArrived = false;
            AnnounceSelf();
        }
    }

    private void StopGuest(RunState next)
    {
        HaltCpus();
        _runState.Move(next);
        Emit("STOP");
    }

    private void HaltCpus()
    {
        _accelerator.Stop();
        _machine.Pause();
        using (Memory.BigLock.Enter())
        {
            // With the lock held no timer callback is under way once the clock stands still.
            _clock.Stop();
            Memory.IsVmRunning = false;
        }
    }

    // On a CPU's thread under the big lock: only notes what is wanted.
    private void OnPowerOff(object? sender, PowerOffEventArgs e)
    {
        _guestEnded = true;
        _loop.Post(() =>
        {
            lock (_run)
            {
                if (RunState == RunState.Running)
                    StopGuest(RunState.Shutdown);
                else if (_guestEnded && RunState is not (RunState.FinishMigrate or RunState.PostMigrate))
                    _runState.Move(RunState.Shutdown);
            }

            // A guest that ended while it was handed over has failed the hand-over; see StopForMigration.
            if (RunState == RunState.Shutdown || _guestEnded)
                End(isGuest: true, "guest-shutdown", new VmExit(e.ExitCode));
        });
    }

    // On a CPU's thread under the big lock: only notes what is wanted.
    private void OnResetRequested(object? sender, EventArgs e)
    {
        if (_options.EndsOnReset)
        {
            _guestEnded = true;
            _loop.Post(() =>
            {
                lock (_run)
                {
                    if (RunState == RunState.Running)
                        StopGuest(RunState.Shutdown);
                }

                End(isGuest: true, "guest-reset", new VmExit(0));
            });
            return;
        }

        _guestWantsReset = true;
        _loop.Post(() =>
        {
            lock (_run)
            {
                // A hand-over that came in between has reset it already; see StopForMigration.
                if (_guestWantsReset)
                    Reset(isGuest: true, "guest-reset");
            }
        });
    }

    // On a disk's thread under the big lock.
    private void OnDiskFailed(object? sender, DiskErrorEventArgs e)
    {
        Emit("BLOCK_IO_ERROR", DiskErrorReport.ToJson(e));
        if (e.Action == DiskErrorAction.Stop)
        {
            _loop.Post(() =>
            {
                lock (_run)
                {
                    // A hand-over that came in between takes the request along, and it is tried again where the guest goes on.
                    if (RunState == RunState.Running)
                        StopGuest(RunState.IoError);
                }
            });
        }
    }

    // Nobody waits for posted work: what it throws stops the machine where it can be looked at.
    private void OnWorkFailed(Exception e)
    {
        Log.WorkFailed(_options.Logger, e);
        lock (_run)
        {
            if (RunState == RunState.Running)
                StopGuest(RunState.InternalError);
        }
    }

    private void End(bool isGuest, string reason, VmExit exit)
    {
        if (_ended.Task.IsCompleted)
            return;
        Emit("SHUTDOWN", new JsonObject { ["guest"] = isGuest, ["reason"] = reason });
        if (Outgoing.Status.IsRunning() && !Outgoing.Status.IsPostcopy())
            Outgoing.Cancel();
        _ended.TrySetResult(exit);
    }
}
