namespace Godwit.Cli;

/// <summary>Shows a migration while it runs.</summary>
internal interface IMigrationProgress
{
    /// <summary>Runs a migration with the display around it.</summary>
    Task<T> RunAsync<T>(Func<Task<T>> migration);

    /// <summary>Shows the newest numbers; called a few times per second.</summary>
    void Report(MigrationInfo info);

    /// <summary>Says something beside the numbers.</summary>
    void Note(string text);
}
