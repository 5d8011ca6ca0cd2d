using System.Text.Json;
using Godwit.Testing;

namespace Godwit.Interop.Tests;

/// <summary>Linux with a memory balloon: its free pages stay behind, and the balloon crosses between Godwit and QEMU.</summary>
[Collection("linux")]
public sealed class BalloonTests
{
    private const long MegaByte = 1 << 20;
    private const int Megabytes = 160;

    /// <summary>A balloon with everything that a guest can make use of.</summary>
    public static string[] Device(int slot) =>
    [
        "-object", "iothread,id=io0",
        "-device", $"virtio-balloon-device,id=balloon0,bus=virtio-mmio-bus.{slot},free-page-hint=on,free-page-reporting=on,deflate-on-oom=on,iothread=io0",
    ];

    [Fact]
    public void Migrate_GuestWithFreeMemory_SparesItAndKeepsItsBalloon()
    {
        // Without free-page reporting: what was reported is gone before a migration could ask for it.
        string[] balloon = [.. Device(0).Select(word => word.Replace("free-page-reporting=on", "free-page-reporting=off", StringComparison.Ordinal))];
        using var journey = new Journey(LinuxVm.Godwit, new LinuxVmOptions { Mode = "free", Memory = $"{Megabytes}", More = balloon }, hasDisk: false);
        using TemporaryDirectory directory = new();
        QmpLink qmp = journey.Current.Qmp;
        qmp.Execute("qom-set", new { path = "/machine/peripheral/balloon0", property = "guest-stats-polling-interval", value = 1 });
        qmp.WaitFor("statistics", q => Statistic(q, "stat-free-memory") is > 40 * MegaByte and < Megabytes * MegaByte);

        // The same memory twice: a background snapshot takes no hints.
        qmp.EnableCapabilities("background-snapshot");
        long all = NormalPages(qmp, directory.File("all"));
        qmp.Execute("migrate-set-capabilities", new { capabilities = new[] { new { capability = "background-snapshot", state = false } } });
        qmp.Execute("migrate-set-parameters", new Dictionary<string, long>(StringComparer.Ordinal) { ["max-bandwidth"] = 24 * MegaByte });
        long used = NormalPages(qmp, directory.File("used"));
        Assert.True(used < all - 4000, $"{used} pages with hints, {all} without");
        qmp.Execute("migrate-set-parameters", new Dictionary<string, long>(StringComparer.Ordinal) { ["max-bandwidth"] = 0 });
        qmp.Execute("cont");

        // Inflated here, it is as large there; what it let go of is there again when it is asked for.
        Resize(qmp, 128);
        journey.HopTo("10.0", "unix");
        Assert.Equal(128 * MegaByte, Size(journey.Current.Qmp));
        Resize(journey.Current.Qmp, 112);
        journey.HopTo(LinuxVm.Godwit, "tcp");
        Assert.Equal(112 * MegaByte, Size(journey.Current.Qmp));
        Assert.Equal("balloon: actual=112\r\n", journey.Current.Qmp.Human("info balloon"));
        Resize(journey.Current.Qmp, Megabytes);
        Assert.Contains(journey.Current.Qmp.Events, e => e.GetProperty("event").GetString() == "BALLOON_CHANGE");
        journey.HopTo("11.1", "unix");
        journey.AssertNothingLost();
    }

    private static long NormalPages(QmpLink qmp, string file)
    {
        qmp.Execute("migrate", new { uri = $"file:{file}" });
        qmp.WaitForMigrationEnd(deadline: TimeSpan.FromSeconds(120));
        return qmp.Execute("query-migrate").GetProperty("ram").GetProperty("normal").GetInt64();
    }

    private static void Resize(QmpLink qmp, long megabytes)
    {
        qmp.Execute("balloon", new { value = megabytes * MegaByte });
        qmp.WaitFor($"a balloon that leaves {megabytes} MiB", q => Size(q) == megabytes * MegaByte, TimeSpan.FromSeconds(60));
    }

    private static long Size(QmpLink qmp) => qmp.Execute("query-balloon").GetProperty("actual").GetInt64();

    private static ulong Statistic(QmpLink qmp, string name) =>
        qmp.Execute("qom-get", new { path = "/machine/peripheral/balloon0", property = "guest-stats" }).GetProperty("stats").GetProperty(name) is var value
            && value.ValueKind == JsonValueKind.Number ? value.GetUInt64() : ulong.MaxValue;
}
