using Godwit.Migration;

namespace Godwit.Vmm.Tests;

public sealed class RunStateMachineTests
{
    public static TheoryData<RunState, RunState, bool> Edges => new()
    {
        { RunState.Prelaunch, RunState.Running, true },
        { RunState.InMigrate, RunState.Running, true },
        { RunState.InMigrate, RunState.Paused, true },
        { RunState.InMigrate, RunState.PostMigrate, true },
        { RunState.InMigrate, RunState.FinishMigrate, false },
        { RunState.Running, RunState.FinishMigrate, true },
        { RunState.Paused, RunState.FinishMigrate, true },
        { RunState.Prelaunch, RunState.FinishMigrate, true },
        { RunState.FinishMigrate, RunState.Running, true },
        { RunState.FinishMigrate, RunState.PostMigrate, true },
        { RunState.FinishMigrate, RunState.Prelaunch, true },
        { RunState.PostMigrate, RunState.Running, true },
        { RunState.Running, RunState.SaveVm, true },
        { RunState.SaveVm, RunState.Running, true },
        { RunState.SaveVm, RunState.FinishMigrate, false },
        { RunState.Paused, RunState.RestoreVm, true },
        { RunState.RestoreVm, RunState.InternalError, true },
        { RunState.InMigrate, RunState.RestoreVm, false },
        { RunState.Shutdown, RunState.Running, false },
        { RunState.Shutdown, RunState.Paused, true },
        { RunState.GuestPanicked, RunState.Running, false },
        { RunState.Running, RunState.InMigrate, false },
        { RunState.PostMigrate, RunState.InMigrate, false },
        { RunState.Running, RunState.Prelaunch, true },
    };

    [Theory]
    [MemberData(nameof(Edges))]
    public void TryMove_Edge_IsAllowedOrNot(RunState from, RunState to, bool allowed)
    {
        var machine = new RunStateMachine(from);
        Assert.Equal(allowed, machine.TryMove(from, to));
        Assert.Equal(allowed ? to : from, machine.State);
    }

    [Fact]
    public void TryMove_StateIsAnother_ChangesNothing()
    {
        var machine = new RunStateMachine(RunState.Prelaunch);
        Assert.False(machine.TryMove(RunState.Paused, RunState.Running));
        Assert.Equal(RunState.Prelaunch, machine.State);
    }

    [Fact]
    public void Move_NoSuchEdge_NamesBothStates()
    {
        var machine = new RunStateMachine(RunState.Shutdown);
        VmRefusedException refusal = Assert.Throws<VmRefusedException>(() => machine.Move(RunState.Running));
        Assert.Contains("'shutdown'", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("'running'", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void TryMove_TwoCallers_OnlyOneWins()
    {
        for (int i = 0; i < 200; i++)
        {
            var machine = new RunStateMachine(RunState.Running);
            int won = 0;
            Parallel.For(0, 2, _ =>
            {
                if (machine.TryMove(RunState.Running, RunState.Paused))
                    Interlocked.Increment(ref won);
            });
            Assert.Equal(1, won);
        }
    }
}
