using System.Globalization;
using System.Text.Json.Nodes;
using Godwit.Migration;
using Godwit.Vmm;
using Godwit.Wire;

namespace Godwit.Monitor;

/// <summary>The reply of <c>query-migrate</c>; member by member in <c>docs/formats/qmp.md</c>, "MigrationInfo".</summary>
internal static class MigrationReply
{
    public static JsonObject Build(VirtualMachine machine)
    {
        var info = new JsonObject();
        AddDestination(info, machine.Incoming);
        AddSource(info, machine);
        IReadOnlyList<string> blockers = machine.Registry.Blockers;
        if (blockers.Count > 0)
            info["blocked-reasons"] = new JsonArray([.. blockers.Select(b => (JsonNode?)JsonValue.Create(b))]);
        return info;
    }

    private static void AddDestination(JsonObject info, IncomingMigration incoming)
    {
        if (incoming.Status == MigrationStatus.None)
            return;
        info["status"] = incoming.Status.ToQapiName();
        IReadOnlyList<MigrationAddress> addresses = incoming.ListenAddresses;
        if (addresses.Count > 0)
            info["socket-address"] = new JsonArray([.. addresses.Select(a => (JsonNode?)SocketAddress(a))]);
        if (incoming.ErrorDescription is { } error)
            info["error-desc"] = error;
    }

    private static void AddSource(JsonObject info, VirtualMachine machine)
    {
        OutgoingMigration outgoing = machine.Outgoing;
        MigrationStatus status = outgoing.Status;
        if (status == MigrationStatus.None)
            return;
        info["status"] = status.ToQapiName();
        info.Remove("error-desc");
        if (status != MigrationStatus.Completed && outgoing.ErrorDescription is { } error)
            info["error-desc"] = error;
        if (status is MigrationStatus.Setup or MigrationStatus.Failed or MigrationStatus.Cancelled or MigrationStatus.WaitUnplug or MigrationStatus.Colo)
            return;
        MigrationStatistics s = outgoing.Statistics;
        info["setup-time"] = s.SetupMilliseconds;
        info["total-time"] = s.TotalMilliseconds;
        if (status == MigrationStatus.Completed || status.IsPostcopy())
            info["downtime"] = s.DowntimeMilliseconds;
        else
            info["expected-downtime"] = s.ExpectedDowntimeMilliseconds;
        info["ram"] = Ram(s);
        if (machine.Settings.Capabilities.Xbzrle)
            info["xbzrle-cache"] = Xbzrle(machine);
        if (machine.CpuThrottlePercentage is var throttle and not 0)
            info["cpu-throttle-percentage"] = throttle;
        if (machine.DirtyLimits.Count > 0)
        {
            info["dirty-limit-throttle-time-per-round"] = (long)machine.LongestDirtyLimitRest.TotalMicroseconds;
            info["dirty-limit-ring-full-time"] = (long)machine.DirtyRingFullTime.TotalMicroseconds;
        }
    }

    private static JsonObject Ram(MigrationStatistics s) => new()
    {
        ["total"] = s.TotalBytes,
        ["postcopy-requests"] = s.PostcopyRequests,
        ["dirty-sync-count"] = s.DirtySyncCount,
        ["multifd-bytes"] = s.MultifdBytes,
        ["pages-per-second"] = s.PagesPerSecond,
        ["downtime-bytes"] = s.DowntimeBytes,
        ["page-size"] = MigrationStatistics.PageSizeBytes,
        ["remaining"] = s.RemainingBytes,
        ["postcopy-bytes"] = s.PostcopyBytes,
        ["mbps"] = s.MegabitsPerSecond,
        ["transferred"] = s.TransferredBytes,
        ["dirty-sync-missed-zero-copy"] = s.DirtySyncMissedZeroCopy,
        ["precopy-bytes"] = s.PrecopyBytes,
        ["duplicate"] = s.ZeroPages,
        ["dirty-pages-rate"] = s.DirtyPagesPerSecond,
        ["normal-bytes"] = s.NormalBytes,
        ["normal"] = s.NormalPages,
    };

    private static JsonObject Xbzrle(VirtualMachine machine)
    {
        XbzrleStatistics x = machine.XbzrleStatistics;
        return new JsonObject
        {
            ["encoding-rate"] = x.EncodingRate,
            ["bytes"] = x.Bytes,
            ["cache-size"] = machine.Settings.Parameters.XbzrleCacheSizeBytes,
            ["cache-miss-rate"] = x.CacheMissRate,
            ["pages"] = x.Pages,
            ["overflow"] = x.Overflows,
            ["cache-miss"] = x.CacheMisses,
        };
    }

    private static JsonObject SocketAddress(MigrationAddress address) => address switch
    {
        TcpAddress tcp => new JsonObject
        {
            ["port"] = tcp.Port,
            [tcp.Host.Contains(':', StringComparison.Ordinal) ? "ipv6" : "ipv4"] = true,
            ["host"] = tcp.Host,
            ["type"] = "inet",
        },
        UnixAddress unix => new JsonObject { ["path"] = unix.Path, ["type"] = "unix" },
        _ => throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"{address} is not a socket")),
    };
}
