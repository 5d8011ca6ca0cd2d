using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Godwit.MigrationBench;

/// <summary>The results as a Markdown table, as JSON with every run, and as a plot.</summary>
internal sealed class BenchReport(BenchOptions options, string link, IReadOnlyList<CaseResult> results)
{
    private static readonly JsonSerializerOptions _indented = new() { WriteIndented = true };

    private static string Machine
    {
        get
        {
            string model = File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal)) ?? "";
            return $"{model[(model.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim()}, {Environment.ProcessorCount} CPUs, Linux {Environment.OSVersion.Version}";
        }
    }

    public string ToMarkdown()
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"{Machine}; {link}; {options.Runs} runs each, taking turns; "
            + $"destination memory {(options.IsPretouched ? "touched beforehand" : "not touched beforehand")}; load average {LoadAverage()}.");
        text.AppendLine("Median (smallest to largest). CPU in seconds per GiB of guest memory, source + destination.");
        text.AppendLine();
        text.AppendLine("| row | who | total s | MiB/s | downtime ms | CPU s/GiB | guest wrote MB/s |");
        text.AppendLine("|---|---|---|---|---|---|---|");
        foreach (CaseResult result in results)
        {
            foreach ((string name, IReadOnlyList<RunSample> runs) in result.Samples)
            {
                text.AppendLine(CultureInfo.InvariantCulture, $"| {result.Case.Name} | {name} | {Text(runs, r => r.TotalSeconds, "F2")} | {Text(runs, r => r.Throughput, "F0")} | "
                    + $"{(name == RawCopy.Name || result.Case.Way == MigrationWay.Load ? "" : Text(runs, r => r.DowntimeMilliseconds, "F0"))} | "
                    + $"{Text(runs, r => r.SourceCpuPerGibibyte, "F2")} + {Text(runs, r => r.DestinationCpuPerGibibyte, "F2")} | "
                    + $"{(result.Case.IsGuestRunning ? Text(runs, r => r.GuestBytesPerSecond / 1e6, "F0") : "")} |");
            }

            foreach ((string name, string why) in result.Skipped)
                text.AppendLine(CultureInfo.InvariantCulture, $"| {result.Case.Name} | {name} | not run: {why.ReplaceLineEndings(" ")} | | | | |");
        }

        text.AppendLine();
        text.AppendLine("| godwit : qemu, median of the ratios | throughput | throughput : raw copy | source CPU | destination CPU | downtime |");
        text.AppendLine("|---|---|---|---|---|---|");
        foreach (CaseResult result in results)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"| {result.Case.Name} | {Text(result.Ratio("godwit", "qemu", r => r.Throughput))} | "
                + $"{Text(result.Ratio("godwit", RawCopy.Name, r => r.Throughput))} | {Text(result.Ratio("godwit", "qemu", r => r.SourceCpuSeconds))} | "
                + $"{Text(result.Ratio("godwit", "qemu", r => r.DestinationCpuSeconds))} | "
                + $"{Text(result.Ratio("godwit", "qemu", r => r.DowntimeMilliseconds))} |");
        }

        return text.ToString();
    }

    public void Save(string folder)
    {
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "results.md"), ToMarkdown());
        File.WriteAllText(Path.Combine(folder, "results.json"), ToJson().ToJsonString(_indented) + "\n");
        File.WriteAllText(Path.Combine(folder, "results.svg"), BarPlot.Draw(results));
    }

    /// <summary>Replaces what stands between two marks of a page.</summary>
    public void WriteInto(string page, string section)
    {
        string text = File.ReadAllText(page);
        string begin = $"<!-- {section} -->\n";
        int start = text.IndexOf(begin, StringComparison.Ordinal);
        int end = start < 0 ? -1 : text.IndexOf($"<!-- /{section} -->", start, StringComparison.Ordinal);
        if (end < 0)
            throw new BenchException($"{page} has no lines {begin.Trim()} and <!-- /{section} -->");
        File.WriteAllText(page, $"{text[..(start + begin.Length)]}{ToMarkdown()}\n![Throughput]({section}.svg)\n{text[end..]}");
        File.WriteAllText(Path.Combine(Path.GetDirectoryName(Path.GetFullPath(page))!, section + ".svg"), BarPlot.Draw(results));
    }

    private static string LoadAverage() => File.ReadAllText("/proc/loadavg").Split(' ')[0];

    private static string Text(IReadOnlyList<RunSample> runs, Func<RunSample, double> value, string format) => Text(MedianOf.Of(runs.Select(value)), format);

    private static string Text(MedianOf? value, string format = "F2") => value is not { } v
        ? ""
        : string.Create(CultureInfo.InvariantCulture, $"{v.Median.ToString(format, CultureInfo.InvariantCulture)} ({v.Low.ToString(format, CultureInfo.InvariantCulture)} to {v.High.ToString(format, CultureInfo.InvariantCulture)})");

    private JsonObject ToJson()
    {
        var rows = new JsonArray();
        foreach (CaseResult result in results)
        {
            var runs = new JsonObject();
            foreach ((string name, IReadOnlyList<RunSample> samples) in result.Samples)
            {
                runs[name] = new JsonArray([.. samples.Select(s => (JsonNode)new JsonObject
                {
                    ["seconds"] = s.TotalSeconds,
                    ["downtime-ms"] = s.DowntimeMilliseconds,
                    ["source-cpu-seconds"] = s.SourceCpuSeconds,
                    ["destination-cpu-seconds"] = s.DestinationCpuSeconds,
                    ["bytes"] = s.Bytes,
                    ["wire-bytes"] = s.WireBytes,
                    ["guest-bytes-per-second"] = s.GuestBytesPerSecond,
                })]);
            }

            rows.Add(new JsonObject
            {
                ["name"] = result.Case.Name,
                ["size"] = result.Case.SizeBytes,
                ["content"] = result.Case.Content.ToString().ToLowerInvariant(),
                ["dirty-pages-per-second"] = result.Case.DirtyPagesPerSecond,
                ["feature"] = result.Case.Feature.Name,
                ["channels"] = result.Case.Channels,
                ["way"] = result.Case.Way.ToString().ToLowerInvariant(),
                ["runs"] = runs,
                ["skipped"] = new JsonObject(result.Skipped.Select(s => KeyValuePair.Create(s.Key, (JsonNode?)s.Value))),
            });
        }

        return new JsonObject
        {
            ["machine"] = Machine,
            ["link"] = link,
            ["pretouched"] = options.IsPretouched,
            ["backend"] = options.Backend,
            ["load-average"] = LoadAverage(),
            ["rows"] = rows,
        };
    }
}
