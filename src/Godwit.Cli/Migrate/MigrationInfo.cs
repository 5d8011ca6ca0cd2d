using System.Text.Json.Nodes;
using Godwit.Qmp;

namespace Godwit.Cli;

/// <summary>A reply of <c>query-migrate</c>; members that a server does not send are null or 0.</summary>
internal sealed record MigrationInfo
{
    public required string Status { get; init; }

    public string? ErrorText { get; init; }

    public long? TotalMilliseconds { get; init; }

    public long? SetupMilliseconds { get; init; }

    public long? DowntimeMilliseconds { get; init; }

    public long? ExpectedDowntimeMilliseconds { get; init; }

    public bool HasRam { get; init; }

    public long TransferredBytes { get; init; }

    public long RemainingBytes { get; init; }

    public long TotalBytes { get; init; }

    public long ZeroPages { get; init; }

    public long NormalPages { get; init; }

    public long XbzrlePages { get; init; }

    public long DirtyPagesPerSecond { get; init; }

    public long PageBytes { get; init; } = 4096;

    public double MegabitsPerSecond { get; init; }

    public long Iterations { get; init; }

    public int? ThrottlePercent { get; init; }

    public IReadOnlyList<string> BlockedReasons { get; init; } = [];

    public JsonArray? SocketAddresses { get; init; }

    public bool IsCompleted => Status == "completed";

    public bool HasEnded => Status is "completed" or "failed" or "cancelled" or "none" or "postcopy-paused";

    /// <summary>Share of this pass that is sent, 0 to 100.</summary>
    public double Percent => IsCompleted ? 100 : TotalBytes <= 0 ? 0 : Math.Clamp(100.0 * (TotalBytes - RemainingBytes) / TotalBytes, 0, 100);

    public static MigrationInfo FromReply(JsonNode? reply)
    {
        var info = reply as JsonObject ?? [];
        var ram = info["ram"] as JsonObject;
        return new MigrationInfo
        {
            Status = Text(info["status"]) ?? "none",
            ErrorText = Text(info["error-desc"]),
            TotalMilliseconds = OptionalInteger(info["total-time"]),
            SetupMilliseconds = OptionalInteger(info["setup-time"]),
            DowntimeMilliseconds = OptionalInteger(info["downtime"]),
            ExpectedDowntimeMilliseconds = OptionalInteger(info["expected-downtime"]),
            HasRam = ram is not null,
            TransferredBytes = Integer(ram?["transferred"]),
            RemainingBytes = Integer(ram?["remaining"]),
            TotalBytes = Integer(ram?["total"]),
            ZeroPages = Integer(ram?["duplicate"]),
            NormalPages = Integer(ram?["normal"]),
            XbzrlePages = Integer((info["xbzrle-cache"] as JsonObject)?["pages"]),
            DirtyPagesPerSecond = Integer(ram?["dirty-pages-rate"]),
            PageBytes = OptionalInteger(ram?["page-size"]) ?? 4096,
            MegabitsPerSecond = Number(ram?["mbps"]),
            Iterations = Integer(ram?["dirty-sync-count"]),
            ThrottlePercent = (int?)OptionalInteger(info["cpu-throttle-percentage"]),
            BlockedReasons = info["blocked-reasons"] is JsonArray reasons ? [.. reasons.Select(Text).OfType<string>()] : [],
            SocketAddresses = info["socket-address"] as JsonArray,
        };
    }

    private static string? Text(JsonNode? node) => node is JsonValue value && value.TryGetValue(out string? text) ? text : null;

    private static long? OptionalInteger(JsonNode? node) =>
        node.TryGetInteger(out Int128 value) && value >= long.MinValue && value <= long.MaxValue ? (long)value : null;

    private static long Integer(JsonNode? node) => OptionalInteger(node) ?? 0;

    private static double Number(JsonNode? node) =>
        node is JsonValue value && value.TryGetValue(out double number) ? number : Integer(node);
}
