using System.Globalization;
using System.Text.Json.Nodes;

namespace Godwit.Cli;

/// <summary>The result of the demonstration, as text or JSON.</summary>
internal static class DemoReport
{
    public static bool IsSuccess(DemoResult result) => result.Memory.IsSound && result.Hops.All(h => h.Outcome.IsSuccess);

    public static JsonObject ToJson(DemoResult result) => new()
    {
        ["success"] = IsSuccess(result),
        ["guest"] = "staircase",
        ["memory_bytes"] = result.Options.MemoryBytes,
        ["dirty_bytes_per_second"] = result.Options.DirtyBytesPerSecond,
        ["transport"] = result.Options.UsesTcp ? "tcp" : "unix",
        ["hops"] = new JsonArray([.. result.Hops.Select(h => (JsonNode?)HopToJson(h))]),
        ["memory"] = new JsonObject
        {
            ["sound"] = result.Memory.IsSound,
            ["pages"] = result.Memory.PageCount,
            ["pages_written"] = result.Memory.PagesWritten,
            ["round"] = result.Memory.Round,
            ["violations"] = result.Memory.ViolationCount,
            ["first_violations"] = new JsonArray([.. result.Memory.Violations.Select(v => (JsonNode?)JsonValue.Create(v))]),
        },
        ["elapsed_ms"] = (long)result.Elapsed.TotalMilliseconds,
    };

    public static void Write(TextWriter output, DemoResult result)
    {
        foreach (DemoHop hop in result.Hops)
        {
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"hop {hop.Number}: {hop.Route}"));
            MigrationReport.Write(output, hop.Outcome.Source);
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"  {"guest",-12} went on with round {hop.GuestRounds[0]}, then {string.Join(", ", hop.GuestRounds.Skip(1).Take(3))}; no violation"));
        }

        if (result.Memory.IsSound)
        {
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"memory: all {result.Memory.PageCount} pages right after {result.Memory.PagesWritten} page writes (round {result.Memory.Round})"));
        }

        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"done in {result.Elapsed.TotalSeconds:0.0} s"));
    }

    /// <summary>One hop of the JSON document.</summary>
    public static JsonObject HopToJson(DemoHop hop)
    {
        var result = new JsonObject { ["number"] = hop.Number, ["route"] = hop.Route };
        MigrationReport.AddNumbers(result, hop.Outcome.Source);
        result["guest_rounds"] = new JsonArray([.. hop.GuestRounds.Select(r => (JsonNode?)JsonValue.Create(r))]);
        return result;
    }
}
