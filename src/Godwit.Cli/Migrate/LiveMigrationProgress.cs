using System.Globalization;
using Godwit.Wire;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Godwit.Cli;

/// <summary>A small table on the terminal that follows the numbers, and is gone when the report is printed.</summary>
internal sealed class LiveMigrationProgress(IAnsiConsole console, string title) : IMigrationProgress
{
    private readonly Lock _lock = new();
    private readonly ConvergenceHint _hint = new();
    private LiveDisplayContext? _display;

    public Task<T> RunAsync<T>(Func<Task<T>> migration) =>
        console.Live(new Markup(Markup.Escape(title))).AutoClear(true).StartAsync(async display =>
        {
            _display = display;
            try
            {
                return await migration();
            }
            finally
            {
                _display = null;
            }
        });

    public void Report(MigrationInfo info)
    {
        lock (_lock)
            _display?.UpdateTarget(Render(info, _hint.Observe(info)));
    }

    public void Note(string text)
    {
        lock (_lock)
            console.WriteLine(text);
    }

    private Grid Render(MigrationInfo info, string? hint)
    {
        var grid = new Grid().AddColumn().AddColumn();
        grid.AddRow(new Text(title), new Text(info.Status));
        if (!info.HasRam)
            return grid;
        Row(grid, "sent this pass", string.Create(CultureInfo.InvariantCulture, $"{Bar(info.Percent)} {info.Percent:0.0} %"));
        Row(grid, "throughput", string.Create(CultureInfo.InvariantCulture, $"{info.MegabitsPerSecond:0.0} Mbit/s"));
        Row(grid, "dirty rate", string.Create(
            CultureInfo.InvariantCulture, $"{info.DirtyPagesPerSecond} pages/s ({SizeText.Format(info.DirtyPagesPerSecond * (double)info.PageBytes)}/s)"));
        Row(grid, "remaining", $"{SizeText.Format(info.RemainingBytes)} of {SizeText.Format(info.TotalBytes)}");
        Row(grid, "sent", SizeText.Format(info.TransferredBytes));
        Row(grid, "iteration", info.Iterations.ToString(CultureInfo.InvariantCulture));
        if (info.ExpectedDowntimeMilliseconds is { } expected)
            Row(grid, "expected downtime", string.Create(CultureInfo.InvariantCulture, $"{expected} ms"));
        if (info.ThrottlePercent is { } throttle)
            Row(grid, "CPU throttle", string.Create(CultureInfo.InvariantCulture, $"{throttle} %"));
        if (hint is not null)
            Row(grid, "does not converge", hint);
        return grid;
    }

    private static void Row(Grid grid, string name, string value) => grid.AddRow(new IRenderable[] { new Text("  " + name), new Text(value) });

    private static string Bar(double percent)
    {
        const int Width = 30;
        int filled = (int)(percent / 100 * Width);
        return new string('#', filled) + new string('.', Width - filled);
    }
}
