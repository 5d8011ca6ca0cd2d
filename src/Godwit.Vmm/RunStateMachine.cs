using System.Collections.Frozen;
using Godwit.Migration;

namespace Godwit.Vmm;

/// <summary>What the machine is doing, and which changes of that are possible (<c>docs/formats/qmp.md</c>, "Run states").</summary>
/// <remarks>Reads need no lock; changes are compare-and-set, so that two callers cannot both win.</remarks>
public sealed class RunStateMachine
{
    private static readonly FrozenSet<(RunState From, RunState To)> _edges = Edges().ToFrozenSet();

    private int _state;

    /// <summary>Starts in a state.</summary>
    /// <param name="initial"><see cref="RunState.Prelaunch"/> or <see cref="RunState.InMigrate"/>.</param>
    public RunStateMachine(RunState initial) => _state = (int)initial;

    /// <summary>The state.</summary>
    public RunState State => (RunState)Volatile.Read(ref _state);

    /// <summary>Says whether a change is possible at all.</summary>
    /// <param name="from">State before.</param>
    /// <param name="to">State after.</param>
    public static bool IsAllowed(RunState from, RunState to) => _edges.Contains((from, to));

    /// <summary>Changes the state if it is still the expected one.</summary>
    /// <param name="expected">State before.</param>
    /// <param name="next">State after.</param>
    /// <returns>False when the state was another, or there is no such edge; nothing has changed then.</returns>
    public bool TryMove(RunState expected, RunState next) =>
        IsAllowed(expected, next) && Interlocked.CompareExchange(ref _state, (int)next, (int)expected) == (int)expected;

    /// <summary>Changes the state from whatever it is.</summary>
    /// <param name="next">State after.</param>
    /// <returns>The state before.</returns>
    /// <exception cref="VmRefusedException">There is no such edge.</exception>
    public RunState Move(RunState next)
    {
        while (true)
        {
            RunState before = State;
            if (before == next || TryMove(before, next))
                return before;
            if (!IsAllowed(before, next))
                throw new VmRefusedException($"The machine cannot go from '{before.ToQapiName()}' to '{next.ToQapiName()}'");
        }
    }

    private static IEnumerable<(RunState From, RunState To)> Edges()
    {
        // A load brings whatever the source was.
        RunState[] stopped =
        [
            RunState.Debug, RunState.InternalError, RunState.IoError, RunState.Paused, RunState.PostMigrate, RunState.Prelaunch,
            RunState.Shutdown, RunState.Suspended, RunState.Watchdog, RunState.GuestPanicked,
        ];
        foreach (RunState state in stopped)
        {
            yield return (RunState.InMigrate, state);
            yield return (RunState.Running, state);

            // A stopped machine can be sent, and is what it was when that fails.
            yield return (state, RunState.FinishMigrate);
            yield return (RunState.FinishMigrate, state);

            // A snapshot that cannot be loaded leaves a machine that has to be reset.
            yield return (state, RunState.RestoreVm);
            yield return (RunState.RestoreVm, state);
        }

        foreach (RunState state in new[] { RunState.SaveVm, RunState.RestoreVm })
        {
            yield return (RunState.Running, state);
            yield return (state, RunState.Running);
        }

        yield return (RunState.InMigrate, RunState.Running);
        yield return (RunState.Running, RunState.FinishMigrate);
        yield return (RunState.FinishMigrate, RunState.Running);
        yield return (RunState.FinishMigrate, RunState.Shutdown);
        foreach (RunState state in new[]
        {
            RunState.Debug, RunState.IoError, RunState.Paused, RunState.PostMigrate, RunState.Prelaunch, RunState.Suspended, RunState.Watchdog,
        })
        {
            yield return (state, RunState.Running);
            yield return (state, RunState.Shutdown);
        }

        // A reset makes a machine fresh whose guest had come to its end.
        foreach (RunState state in new[] { RunState.Shutdown, RunState.InternalError, RunState.GuestPanicked, RunState.PostMigrate })
        {
            yield return (state, RunState.Paused);
            yield return (state, RunState.Prelaunch);
        }
    }
}
