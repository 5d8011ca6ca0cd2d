using System.Globalization;

namespace Godwit.Fuzz;

/// <summary>What to run.</summary>
internal sealed record FuzzOptions
{
    public const string Usage =
        """
        usage: Godwit.Fuzz [--target all|NAME] [--inputs N] [--seed S] [--first I] [--jobs J] [--out DIRECTORY] [--replay FILE]
          --inputs   inputs per target (default 100000)
          --seed     decides everything (default 1)
          --first    index of the first input: with --inputs 1 it makes one input of a run again
          --jobs     threads (default 1); the inputs are the same with any number
          --out      where failing inputs are saved (default artifacts/fuzz)
          --replay   gives one saved input to the target
        """;

    public IReadOnlyList<string> Targets { get; init; } = FuzzTargets.Names;

    public long Inputs { get; init; } = 100_000;

    public ulong Seed { get; init; } = 1;

    public long First { get; init; }

    public int Jobs { get; init; } = 1;

    public string OutputDirectory { get; init; } = Path.Combine("artifacts", "fuzz");

    public string? ReplayFile { get; init; }

    /// <summary>Reads a command line; null when it is none.</summary>
    public static FuzzOptions? Parse(ReadOnlySpan<string> args)
    {
        var options = new FuzzOptions();
        for (int i = 0; i < args.Length; i += 2)
        {
            if (i + 1 == args.Length || options.With(args[i], args[i + 1]) is not { } next)
                return null;
            options = next;
        }

        return options;
    }

    private FuzzOptions? With(string name, string value)
    {
        bool isNumber = long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out long number);
        return name switch
        {
            "--target" when value == "all" => this,
            "--target" when FuzzTargets.Names.Contains(value) => this with { Targets = [value] },
            "--inputs" when isNumber => this with { Inputs = number },
            "--seed" when isNumber => this with { Seed = (ulong)number },
            "--first" when isNumber => this with { First = number },
            "--jobs" when isNumber && number is > 0 and <= 64 => this with { Jobs = (int)number },
            "--out" => this with { OutputDirectory = value },
            "--replay" => this with { ReplayFile = value },
            _ => null,
        };
    }
}
