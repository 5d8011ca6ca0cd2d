using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;

namespace Godwit.MigrationBench;

/// <summary>Makes one migration between two new processes and measures it.</summary>
internal sealed class MigrationRunner(NetworkLink link, bool isPretouched)
{
    private static readonly TimeSpan _limit = TimeSpan.FromMinutes(5);

    public async Task<RunSample> RunAsync(Contestant contestant, MigrationCase row, ContentFile? content)
    {
        string folder = Directory.CreateTempSubdirectory("godwit-bench-").FullName;
        try
        {
            await using VmEnd destination = await StartAsync(contestant.Destination(row, isPretouched, folder), folder, atDestination: true);
            await using VmEnd source = await StartAsync(contestant.Source(row, content, folder), folder, atDestination: false);
            foreach (VmEnd end in (VmEnd[])[source, destination])
                await PrepareAsync(end, row);
            await destination.ExecuteAsync("migrate-incoming", new JsonObject { ["uri"] = $"tcp:{link.Address}:0" });
            JsonNode? listening = (await destination.ExecuteAsync("query-migrate"))?["socket-address"]?[0]?["port"];
            string port = listening?.GetValue<string>() ?? throw new BenchException("the destination does not say its port");
            if (row.IsGuestRunning)
                await WaitForRoundAsync(Path.Combine(folder, "serial.log"));
            return await MeasureAsync(source, destination, row, $"tcp:{link.Address}:{port}");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task PrepareAsync(VmEnd end, MigrationCase row)
    {
        var capabilities = new JsonArray();
        foreach (string name in (string[])["events", "return-path", .. row.Feature.Capabilities])
            capabilities.Add(new JsonObject { ["capability"] = name, ["state"] = true });
        await end.ExecuteAsync("migrate-set-capabilities", new JsonObject { ["capabilities"] = capabilities });
        var parameters = new JsonObject { ["max-bandwidth"] = row.MaxBandwidth };
        foreach ((string name, JsonNode value) in row.Feature.Parameters)
            parameters[name] = value.DeepClone();
        await end.ExecuteAsync("migrate-set-parameters", parameters);
    }

    private static async Task<RunSample> MeasureAsync(VmEnd source, VmEnd destination, MigrationCase row, string uri)
    {
        double sourceCpu = source.CpuSeconds;
        double destinationCpu = destination.CpuSeconds;
        long start = Stopwatch.GetTimestamp();
        await source.ExecuteAsync("migrate", new JsonObject { ["uri"] = uri });
        string end = await source.WaitForMigrationAsync(_limit, "completed", "failed");
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        sourceCpu = source.CpuSeconds - sourceCpu;
        destinationCpu = destination.CpuSeconds - destinationCpu;
        JsonNode? info = await source.ExecuteAsync("query-migrate");
        if (end != "completed" || info is null)
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

    /// <summary>The guest has written all of its memory once when it reports a round.</summary>
    private static async Task WaitForRoundAsync(string log)
    {
        var watch = Stopwatch.StartNew();
        while (!File.Exists(log) || !(await File.ReadAllTextAsync(log)).Contains("round", StringComparison.OrdinalIgnoreCase))
        {
            if (watch.Elapsed > _limit)
                throw new BenchException("the guest does not finish a round");
            await Task.Delay(100);
        }
    }

    private async Task<VmEnd> StartAsync(ProcessStartInfo start, string folder, bool atDestination)
    {
        string monitor = Path.Combine(folder, atDestination ? "destination.sock" : "source.sock");
        start.ArgumentList.Add("-qmp");
        start.ArgumentList.Add($"unix:{monitor},server=on,wait=off");
        link.Place(start, atDestination);
        return await VmEnd.StartAsync(start, monitor);
    }
}
