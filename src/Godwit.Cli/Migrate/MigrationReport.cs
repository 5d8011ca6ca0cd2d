using System.Globalization;
using System.Text.Json.Nodes;
using Godwit.Wire;

namespace Godwit.Cli;

/// <summary>What is told about a migration that has ended, as text or JSON.</summary>
internal static class MigrationReport
{
    public static JsonObject ToJson(MigrationOutcome outcome)
    {
        MigrationInfo info = outcome.Source;
        var result = new JsonObject
        {
            ["success"] = outcome.IsSuccess,
            ["status"] = info.Status,
            ["reason"] = outcome.Reason,
            ["source_state"] = outcome.SourceRunState,
            ["target_state"] = outcome.TargetRunState,
            ["events"] = new JsonArray([.. outcome.SourceEvents.Select(e => (JsonNode?)JsonValue.Create(e))]),
        };
        AddNumbers(result, info);
        return result;
    }

    public static void AddNumbers(JsonObject result, MigrationInfo info)
    {
        result["total_ms"] = info.TotalMilliseconds;
        result["downtime_ms"] = info.DowntimeMilliseconds;
        result["setup_ms"] = info.SetupMilliseconds;
        result["iterations"] = info.Iterations;
        result["pages"] = new JsonObject { ["normal"] = info.NormalPages, ["zero"] = info.ZeroPages, ["xbzrle"] = info.XbzrlePages };
        result["ram_bytes"] = info.TotalBytes;
        result["transferred_bytes"] = info.TransferredBytes;
        result["throughput_mbps"] = Math.Round(info.MegabitsPerSecond, 2);
    }

    public static void Write(TextWriter output, MigrationInfo info)
    {
        Line(output, "total time", Milliseconds(info.TotalMilliseconds));
        Line(output, "downtime", Milliseconds(info.DowntimeMilliseconds));
        Line(output, "setup", Milliseconds(info.SetupMilliseconds));
        Line(output, "iterations", info.Iterations.ToString(CultureInfo.InvariantCulture));
        Line(output, "pages", Pages(info));
        Line(output, "transferred", $"{SizeText.Format(info.TransferredBytes)} for {SizeText.Format(info.TotalBytes)} of guest memory");
        Line(output, "throughput", string.Create(CultureInfo.InvariantCulture, $"{info.MegabitsPerSecond:0.0} Mbit/s"));
    }

    private static string Pages(MigrationInfo info)
    {
        string text = string.Create(CultureInfo.InvariantCulture, $"{info.NormalPages} normal, {info.ZeroPages} zero");
        return info.XbzrlePages == 0 ? text : string.Create(CultureInfo.InvariantCulture, $"{text}, {info.XbzrlePages} xbzrle");
    }

    private static string Milliseconds(long? value) => value is { } ms ? string.Create(CultureInfo.InvariantCulture, $"{ms} ms") : "unknown";

    private static void Line(TextWriter output, string name, string value) => output.WriteLine($"  {name,-12} {value}");
}
