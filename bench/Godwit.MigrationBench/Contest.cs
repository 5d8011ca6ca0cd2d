using System.Diagnostics;
using System.Globalization;

namespace Godwit.MigrationBench;

/// <summary>Lets the contestants take turns over a row.</summary>
internal sealed class Contest
{
    private readonly BenchOptions _options;
    private readonly NetworkLink _link;
    private readonly TextWriter _progress;
    private readonly Contestant[] _contestants;
    private readonly RawCopy _rawCopy;
    private readonly MigrationRunner _runner;

    public Contest(BenchOptions options, NetworkLink link, TextWriter progress)
    {
        _options = options;
        _link = link;
        _progress = progress;
        string root = FindRoot();
        string godwit = options.GodwitFile ?? Path.Combine(root, "artifacts", "bin", "Godwit.Cli", "release", "godwit.dll");
        if (!File.Exists(godwit))
            throw new BenchException($"{godwit} is not there; build src/Godwit.Cli with -c Release");
        var contestants = new List<Contestant> { new GodwitContestant(godwit, options.Backend) };
        if (options.UsesQemu)
            contestants.Add(new QemuContestant(options.QemuFolder ?? PeerFolder(root)));
        _contestants = [.. contestants];
        _rawCopy = RawCopy.Build();
        _runner = new MigrationRunner(link, options.IsPretouched);
    }

    public async Task<CaseResult> RunAsync(MigrationCase row)
    {
        _progress.WriteLine(row.Name);
        var samples = new Dictionary<string, IReadOnlyList<RunSample>>(StringComparer.Ordinal);
        var skipped = new Dictionary<string, string>(StringComparer.Ordinal);
        using ContentFile? content = row.IsGuestRunning ? null : ContentFile.Create(row.Content, row.SizeBytes);
        var takers = _contestants.Select(c => (c.Name, Run: (Func<Task<RunSample>>)(() => _runner.RunAsync(c, row, content)))).ToList();
        if (content is not null && row is { Channels: 1, Way: MigrationWay.Tcp })
            takers.Add((RawCopy.Name, () => _rawCopy.RunAsync(content, _options.IsPretouched, _link)));
        for (int turn = -_options.Warmup; turn < _options.Runs; turn++)
        {
            // Who goes first changes each time: memory that the one before has just given back to the host is dearer, or cheaper, than other memory.
            foreach ((string name, Func<Task<RunSample>> run) in int.IsEvenInteger(turn) ? takers : takers.AsEnumerable().Reverse())
            {
                if (skipped.ContainsKey(name))
                    continue;
                try
                {
                    RunSample sample = await run();
                    _progress.WriteLine(string.Create(
                        CultureInfo.InvariantCulture,
                        $"  {turn,3} {name,-8} {sample.TotalSeconds,8:F3} s {sample.Throughput,8:F0} MiB/s  CPU {sample.SourceCpuSeconds:F2} + {sample.DestinationCpuSeconds:F2} s"));
                    if (turn >= 0)
                        samples[name] = [.. samples.GetValueOrDefault(name) ?? [], sample];
                }
                catch (BenchException e)
                {
                    _progress.WriteLine($"  {name}: {e.Message}");
                    skipped[name] = e.Message;
                    samples.Remove(name);
                }
            }
        }

        return new CaseResult(row, samples, skipped);
    }

    private static string FindRoot()
    {
        for (string? folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (File.Exists(Path.Combine(folder, "Godwit.slnx")))
                return folder;
        }

        throw new BenchException("this is not run from a checkout");
    }

    private static string PeerFolder(string root)
    {
        using Process process = Process.Start(new ProcessStartInfo(Path.Combine(root, "eng", "peers"), ["path", "qemu-10.0"]) { RedirectStandardOutput = true, UseShellExecute = false })!;
        string folder = process.StandardOutput.ReadToEnd().Trim();
        process.WaitForExit();
        return process.ExitCode == 0 && folder.Length > 0 ? folder : throw new BenchException("eng/peers install qemu-10.0 first, or use --qemu or --no-qemu");
    }
}
