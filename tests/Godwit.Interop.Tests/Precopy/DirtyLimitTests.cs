using System.Text.Json;

namespace Godwit.Interop.Tests;

/// <summary>A guest that dirties memory faster than the link takes it, with a limit of what its hart may dirty.</summary>
public sealed class DirtyLimitTests
{
    [Theory]
    [InlineData("godwit")]
    [InlineData("10")]
    public void Migrate_GuestFasterThanTheLinkWithDirtyLimit_Converges(string to)
    {
        // 10 000 pages a second are 40 MB/s.
        using FeatureVm source = FeatureVm.StartGuest("godwit", pagesPerSecond: 10_000, pages: 6000);
        using FeatureVm target = FeatureVm.StartTarget(to);
        source.Set("max-bandwidth", 16 << 20);
        source.Set("downtime-limit", 100);
        source.Set("vcpu-dirty-limit", 4);
        source.Set("x-vcpu-dirty-limit-period", 500);
        source.Qmp.EnableCapabilities("dirty-limit");
        source.WaitForMoreRounds(1);
        source.Qmp.Execute("migrate", new { uri = target.Listen() });
        var members = new SortedSet<string>(StringComparer.Ordinal);
        long slowest = long.MaxValue;
        source.Qmp.WaitFor(
            "the end",
            link =>
            {
                JsonElement migration = link.Execute("query-migrate");
                foreach (JsonProperty member in migration.EnumerateObject().Where(m => m.Name.StartsWith("dirty-limit", StringComparison.Ordinal)))
                    members.Add(member.Name);
                foreach (JsonElement limit in link.Execute("query-vcpu-dirty-limit").EnumerateArray())
                {
                    Assert.Equal(4, limit.GetProperty("limit-rate").GetInt64());
                    slowest = Math.Min(slowest, limit.GetProperty("current-rate").GetInt64());
                }

                return migration.GetProperty("status").GetString() is "completed" or "failed";
            },
            TimeSpan.FromSeconds(120));
        source.WaitForMigration();
        target.WaitForMigration();
        Assert.Equal(["dirty-limit-ring-full-time", "dirty-limit-throttle-time-per-round"], members);
        Assert.True(slowest < 16, $"never slower than {slowest} MiB/s");
        Assert.Equal(0, source.Qmp.Execute("query-vcpu-dirty-limit").GetArrayLength());
        target.AssertGuestIsSound();
    }
}
