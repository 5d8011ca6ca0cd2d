namespace Godwit.Cli;

/// <summary>One plain line per phase, for logs and pipes.</summary>
internal sealed class PlainMigrationProgress(TextWriter output, string prefix) : IMigrationProgress
{
    private string _lastStatus = "";

    public Task<T> RunAsync<T>(Func<Task<T>> migration) => migration();

    public void Report(MigrationInfo info)
    {
        if (info.Status == _lastStatus)
            return;
        _lastStatus = info.Status;
        output.WriteLine($"{prefix}{info.Status}");
    }

    public void Note(string text) => output.WriteLine($"{prefix}{text}");
}
