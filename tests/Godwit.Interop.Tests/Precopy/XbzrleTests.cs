using System.Text.Json;

namespace Godwit.Interop.Tests;

/// <summary>Pages that go as differences to what was sent before.</summary>
public sealed class XbzrleTests
{
    [Theory]
    [InlineData("godwit", "10")]
    [InlineData("10", "godwit")]
    [InlineData("godwit", "11")]
    [InlineData("11", "godwit")]
    public void Migrate_CacheResizedMeanwhile_MemoryIsSound(string from, string to)
    {
        using FeatureVm source = FeatureVm.StartGuest(from, pagesPerSecond: 20_000, pages: 3000);
        using FeatureVm target = FeatureVm.StartTarget(to);
        source.Qmp.EnableCapabilities("xbzrle", "events");
        target.Qmp.EnableCapabilities("xbzrle");
        source.Set("xbzrle-cache-size", 8 << 20);
        source.Set("max-bandwidth", 24 << 20);
        source.Set("downtime-limit", 1);
        source.ExpectTarget(target);
        source.WaitForMoreRounds(1);

        source.Qmp.Execute("migrate", new { uri = target.Listen() });
        source.Qmp.WaitFor("differences", _ => Pages(source) > 100);
        source.Set("xbzrle-cache-size", 16 << 20);
        long before = Pages(source);
        source.Qmp.WaitFor("differences out of the new cache", _ => Pages(source) > before + 2000);
        JsonElement cache = source.Qmp.Execute("query-migrate").GetProperty("xbzrle-cache");
        Assert.Equal(16 << 20, cache.GetProperty("cache-size").GetInt64());
        Assert.True(cache.GetProperty("bytes").GetInt64() > 0);
        Assert.True(cache.GetProperty("cache-miss").GetInt64() > 0);
        Assert.Contains("xbzrle pages:", source.Qmp.Human(from == "11" ? "info migrate -a" : "info migrate").Replace("XBZRLE: size", "xbzrle pages:", StringComparison.Ordinal), StringComparison.Ordinal);

        source.Set("downtime-limit", 2000);
        source.Set("max-bandwidth", 0);
        source.WaitForMigration();
        target.WaitForMigration();
        target.AssertGuestIsSound();
    }

    private static long Pages(FeatureVm vm) =>
        vm.Qmp.Execute("query-migrate").TryGetProperty("xbzrle-cache", out JsonElement cache) ? cache.GetProperty("pages").GetInt64() : 0;
}
