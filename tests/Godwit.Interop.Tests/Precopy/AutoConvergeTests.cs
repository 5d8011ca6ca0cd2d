using System.Text.Json;

namespace Godwit.Interop.Tests;

/// <summary>A guest that dirties memory faster than the link takes it.</summary>
public sealed class AutoConvergeTests
{
    private const int BytesPerSecond = 16 << 20;

    [Theory]
    [InlineData("10")]
    [InlineData("11")]
    public void Migrate_GuestFasterThanTheLink_ConvergesOnlyWhenThrottled(string to)
    {
        // 10 000 pages a second are 40 MB/s.
        using FeatureVm source = FeatureVm.StartGuest("godwit", pagesPerSecond: 10_000, pages: 6000);
        using FeatureVm target = FeatureVm.StartTarget(to);
        source.Set("max-bandwidth", BytesPerSecond);
        source.Set("downtime-limit", 100);
        source.ExpectTarget(target);
        source.WaitForMoreRounds(1);
        string uri = target.Listen();

        // Without it rounds repeat for ever: each leaves as much as the one before. The same migration goes on with it afterwards, in
        // another attempt to another target, for capabilities are fixed.
        using FeatureVm other = FeatureVm.StartTarget(to);
        source.Qmp.Execute("migrate", new { uri = other.Listen() });
        source.Qmp.WaitFor("five rounds", link => link.Execute("query-migrate") is var migration
            && (migration.TryGetProperty("ram", out JsonElement ram) && ram.GetProperty("dirty-sync-count").GetInt64() > 5
                || migration.GetProperty("status").GetString() == "completed"));
        Assert.Equal("active", source.Qmp.MigrationStatus);
        Assert.False(source.Qmp.Execute("query-migrate").TryGetProperty("cpu-throttle-percentage", out _));
        source.Qmp.Execute("migrate_cancel");
        source.WaitForMigration("cancelled");

        source.Qmp.EnableCapabilities("auto-converge");
        source.Set("cpu-throttle-increment", 30);
        source.Qmp.Execute("migrate", new { uri });
        var seen = new SortedSet<int>();
        source.Qmp.WaitFor(
            "the end",
            link =>
            {
                JsonElement migration = link.Execute("query-migrate");
                if (migration.TryGetProperty("cpu-throttle-percentage", out JsonElement throttle))
                    seen.Add(throttle.GetInt32());
                return migration.GetProperty("status").GetString() is "completed" or "failed";
            },
            TimeSpan.FromSeconds(120));
        source.WaitForMigration();
        target.WaitForMigration();
        Assert.Equal(20, seen.Min);
        Assert.Subset(new HashSet<int> { 20, 50, 80, 99 }, new HashSet<int>(seen));
        target.AssertGuestIsSound();
    }
}
