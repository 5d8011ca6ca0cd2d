namespace Godwit.Cli;

/// <summary>The migration of one hop of a demonstration.</summary>
internal static class DemoMigration
{
    /// <summary>Migrates the guest from a process to the next one.</summary>
    /// <param name="options">How the processes are connected.</param>
    /// <param name="number">The hop, from 1.</param>
    /// <param name="route">From where to where, for people.</param>
    /// <param name="from">Where the guest runs.</param>
    /// <param name="to">Where it goes.</param>
    /// <param name="progressOf">Shows how the hop gets on.</param>
    /// <param name="interrupt">Cancels the migration; the guest stays.</param>
    /// <exception cref="CommandException">It failed.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static async Task<MigrationOutcome> RunAsync(
        DemoOptions options, int number, string route, VmProcess from, VmProcess to, Func<int, string, IMigrationProgress> progressOf, CancellationToken interrupt)
    {
        var plan = new MigrationPlan { Uri = options.UsesTcp ? "tcp:127.0.0.1:0" : $"unix:{Path.Combine(to.Directory, "migrate.sock")}" };
        MigrationOutcome outcome = await new MigrationDriver(from.Client, to.Client, plan, progressOf(number, route)).RunAsync(interrupt);
        if (outcome.IsCancelled)
            interrupt.ThrowIfCancellationRequested();
        if (!outcome.IsSuccess)
            throw new CommandException($"hop {number}", $"{outcome.Reason}; {outcome.GuestText}", route);
        return outcome;
    }
}
