using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Godwit.MigrationBench;

/// <summary>Makes one migration between two new processes and measures it.</summary>
internal sealed partial class MigrationRunner(NetworkLink link, bool isPretouched)
{
    private const double GuestTicksPerSecond = 1e7;

    private static readonly TimeSpan _limit = TimeSpan.FromMinutes(5);

    public async Task<RunSample> RunAsync(Contestant contestant, MigrationCase row, ContentFile? content)
    {
        string folder = Directory.CreateTempSubdirectory("godwit-bench-").FullName;
        string file = Path.Combine("/dev/shm", $"godwit-bench-{Environment.ProcessId}-saved");
        try
        {
            return row.Way == MigrationWay.Tcp
                ? await MoveAsync(contestant, row, content, folder)
                : await SaveAsync(contestant, row, content, folder, "file:" + file);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
            File.Delete(file);
        }
    }

    private async Task<RunSample> MoveAsync(Contestant contestant, MigrationCase row, ContentFile? content, string folder)
    {
        await using VmEnd destination = await StartAsync(contestant.Destination(row, isPretouched, folder), folder, atDestination: true);
        await using VmEnd source = await StartAsync(contestant.Source(row, content, folder), folder, atDestination: false);
        foreach (VmEnd end in (VmEnd[])[source, destination])
            await PrepareAsync(end, row);
        await destination.ExecuteAsync("migrate-incoming", new JsonObject { ["uri"] = $"tcp:{link.Address}:0" });
        JsonNode? listening = (await destination.ExecuteAsync("query-migrate"))?["socket-address"]?[0]?["port"];
        string port = listening?.GetValue<string>() ?? throw new BenchException("the destination does not say its port");
        double written = row.IsGuestRunning ? await WaitForRoundsAsync(Path.Combine(folder, "serial.log"), row) : 0;
        RunSample sample = await MeasureAsync(source, destination, row, () => MigrateAsync(source, $"tcp:{link.Address}:{port}"));
        return sample with { GuestBytesPerSecond = written };
    }

    private async Task<RunSample> SaveAsync(Contestant contestant, MigrationCase row, ContentFile? content, string folder, string uri)
    {
        RunSample sample;
        await using (VmEnd source = await StartAsync(contestant.Source(row, content, folder), folder, atDestination: false))
        {
            await PrepareAsync(source, row);
            sample = await MeasureAsync(source, null, row, () => MigrateAsync(source, uri));
        }

        if (row.Way == MigrationWay.Save)
            return sample;
        await using VmEnd destination = await StartAsync(contestant.Destination(row, isPretouched, folder), folder, atDestination: true);
        await PrepareAsync(destination, row);
        return await MeasureAsync(null, destination, row, () => destination.ExecuteAsync("migrate-incoming", new JsonObject { ["uri"] = uri }));
    }

    private static Task<JsonNode?> MigrateAsync(VmEnd source, string uri) => source.ExecuteAsync("migrate", new JsonObject { ["uri"] = uri });

    private static async Task PrepareAsync(VmEnd end, MigrationCase row)
    {
        var capabilities = new JsonArray();
        foreach (string name in (string[])["events", .. row.Way == MigrationWay.Tcp ? ["return-path"] : (string[])[], .. row.Feature.Capabilities])
            capabilities.Add(new JsonObject { ["capability"] = name, ["state"] = true });
        await end.ExecuteAsync("migrate-set-capabilities", new JsonObject { ["capabilities"] = capabilities });
        var parameters = new JsonObject { ["max-bandwidth"] = row.MaxBandwidth };
        foreach ((string name, JsonNode value) in row.Feature.Parameters)
            parameters[name] = value.DeepClone();
        await end.ExecuteAsync("migrate-set-parameters", parameters);
    }

    /// <summary>Measures from a command to the completion that the source reports, or the destination where there is no source.</summary>
    private static async Task<RunSample> MeasureAsync(VmEnd? source, VmEnd? destination, MigrationCase row, Func<Task> begin)
    {
        VmEnd reporter = source ?? destination!;
        foreach (VmEnd? end in (VmEnd?[])[source, destination])
        {
            if (end is not null && !row.IsGuestRunning)
                await end.WaitForRestAsync();
        }

        double sourceCpu = source?.CpuSeconds ?? 0;
        double destinationCpu = destination?.CpuSeconds ?? 0;
        long start = Stopwatch.GetTimestamp();
        await begin();
        string state = await reporter.WaitForMigrationAsync(_limit, "completed", "failed");
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        sourceCpu = (source?.CpuSeconds ?? 0) - sourceCpu;
        destinationCpu = (destination?.CpuSeconds ?? 0) - destinationCpu;
        JsonNode? info = await reporter.ExecuteAsync("query-migrate");
        if (state != "completed" || info is null)
            throw new BenchException($"the migration failed: {info?["error-desc"]?.ToString() ?? "no reason given"}");
        return new RunSample(
            seconds,
            Number(info["downtime"]),
            sourceCpu,
            destinationCpu,
            row.SizeBytes,
            (long)Number(info["ram"]?["transferred"]));
    }

    private static double Number(JsonNode? node) => node is null ? 0 : double.Parse(node.ToString(), CultureInfo.InvariantCulture);

    /// <summary>Waits until the guest has written all of its memory three times; returns how many bytes per second it wrote in the last two.</summary>
    private static async Task<double> WaitForRoundsAsync(string log, MigrationCase row)
    {
        var watch = Stopwatch.StartNew();
        while (true)
        {
            long[] ends = File.Exists(log)
                ? [.. RoundLine().Matches(await File.ReadAllTextAsync(log)).Select(m => long.Parse(m.Groups["t"].Value, CultureInfo.InvariantCulture))]
                : [];
            if (ends.Length >= 3)
                return (ends.Length - 1) * (double)row.SizeBytes / ((ends[^1] - ends[0]) / GuestTicksPerSecond);
            if (watch.Elapsed > _limit)
                throw new BenchException("the guest does not finish its rounds");
            await Task.Delay(100);
        }
    }

    [GeneratedRegex("round [0-9]+ ok t=(?<t>[0-9]+)\\r?\\n", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex RoundLine();

    private async Task<VmEnd> StartAsync(ProcessStartInfo start, string folder, bool atDestination)
    {
        string monitor = Path.Combine(folder, atDestination ? "destination.sock" : "source.sock");
        start.ArgumentList.Add("-qmp");
        start.ArgumentList.Add($"unix:{monitor},server=on,wait=off");
        link.Place(start, atDestination);
        return await VmEnd.StartAsync(start, monitor);
    }
}
