using System.Diagnostics;

namespace Godwit.Fuzz;

/// <summary>Runs one target with many inputs, on one or more threads, and watches over time and memory.</summary>
internal sealed class FuzzRunner(string targetName, FuzzOptions options, TextWriter output)
{
    private const int MaxPrinted = 10;
    private static readonly TimeSpan _progressPeriod = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private readonly HashSet<string> _seen = new(StringComparer.Ordinal);

    /// <summary>Runs all inputs. A hang ends the process: a thread cannot be stopped from outside.</summary>
    public FuzzReport Run()
    {
        long start = Stopwatch.GetTimestamp();
        FuzzWorker[] workers = [.. Enumerable.Range(0, options.Jobs).Select(job => new FuzzWorker(targetName, options, job, Report))];
        foreach (FuzzWorker worker in workers)
            worker.Start();
        TimeSpan nextProgress = _progressPeriod;
        foreach (FuzzWorker worker in workers)
        {
            while (!worker.Join(TimeSpan.FromMilliseconds(500)))
            {
                Watch(workers);
                if (Stopwatch.GetElapsedTime(start) < nextProgress)
                    continue;
                nextProgress += _progressPeriod;
                Console.Error.WriteLine(Sum(workers, start));
            }
        }

        return Sum(workers, start);
    }

    private FuzzReport Sum(FuzzWorker[] workers, long start) => new(
        targetName,
        workers.Sum(worker => worker.Inputs),
        workers.Sum(worker => worker.Accepted),
        workers.Sum(worker => worker.Inputs - worker.Accepted - worker.Failures),
        workers.Sum(worker => worker.Failures),
        Stopwatch.GetElapsedTime(start));

    private void Watch(FuzzWorker[] workers)
    {
        foreach (FuzzWorker worker in workers)
        {
            if (!worker.IsHanging(out long index))
                continue;
            Report(index, FuzzWorker.MakeInput(targetName, options, index), $"no end after {FuzzWorker.Patience}", key: "hang");
            Environment.Exit(3);
        }
    }

    private void Report(long index, byte[] input, string what, string key)
    {
        lock (_lock)
        {
            if (!_seen.Add(key) || _seen.Count > MaxPrinted)
                return;
            Directory.CreateDirectory(options.OutputDirectory);
            string path = Path.Combine(options.OutputDirectory, FormattableString.Invariant($"{targetName}-{options.Seed}-{index}.bin"));
            File.WriteAllBytes(path, input);
            output.WriteLine(FormattableString.Invariant($"FAILURE {targetName} --seed {options.Seed} --first {index} ({input.Length} bytes, {path})"));
            output.WriteLine(what);
        }
    }
}
