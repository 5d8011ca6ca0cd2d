namespace Godwit.Fuzz;

/// <summary>Gives damaged and random input to every parser of untrusted bytes. Usage: docs/testing.md.</summary>
internal static class Program
{
    /// <summary>0: nothing found; 1: failures; 2: usage; 3: a hang.</summary>
    private static int Main(string[] args)
    {
        if (FuzzOptions.Parse(args) is not { } options)
        {
            Console.Error.WriteLine(FuzzOptions.Usage);
            return 2;
        }

        if (options.ReplayFile is { } file)
            return Replay(options.Targets[0], file);
        bool failed = false;
        foreach (string name in options.Targets)
        {
            FuzzReport report = new FuzzRunner(name, options, Console.Out).Run();
            Console.WriteLine(report);
            failed |= report.Failures != 0;
        }

        return failed ? 1 : 0;
    }

    private static int Replay(string name, string file)
    {
        using FuzzTarget target = FuzzTargets.Create(name)!;
        Console.WriteLine(target.Fuzz(File.ReadAllBytes(file)) ? "accepted" : "refused: " + target.LastRefusal);
        return 0;
    }
}
