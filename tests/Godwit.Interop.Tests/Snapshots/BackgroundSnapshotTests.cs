namespace Godwit.Interop.Tests;

/// <summary>A guest that writes all the time is saved as of one instant by one side and goes on at the other, and at the first one as well.</summary>
public sealed class BackgroundSnapshotTests
{
    [Theory]
    [InlineData("godwit", "10", "file")]
    [InlineData("godwit", "11", "exec")]
    [InlineData("godwit", "10", "unix")]
    [InlineData("godwit", "11", "mapped-ram")]
    [InlineData("10", "godwit", "exec")]
    [InlineData("11", "godwit", "file")]
    public void Snapshot_BusyGuest_OneMomentArrivesAndTheGuestGoesOn(string from, string to, string way)
    {
        using FeatureVm source = FeatureVm.StartGuest(from, pagesPerSecond: 50_000);
        using FeatureVm target = FeatureVm.StartTarget(to);
        source.ExpectTarget(target);
        source.Qmp.EnableCapabilities("background-snapshot");
        if (way == "mapped-ram")
        {
            source.Qmp.EnableCapabilities("mapped-ram");
            target.Qmp.EnableCapabilities("mapped-ram");
        }

        source.WaitForMoreRounds(1);
        string path = source.PathOf("state");
        string uri = way switch { "unix" => target.Listen(), "exec" => $"exec:cat > {path}", _ => $"file:{path}" };
        source.Qmp.Execute("migrate", new { uri });
        source.WaitForMigration();
        Assert.Equal("running", source.Qmp.Execute("query-status").GetProperty("status").GetString());
        if (way != "unix")
            target.Load(way == "exec" ? $"exec:cat {path}" : uri);
        target.WaitForMigration();
        target.AssertGuestIsSound();
        source.AssertGuestIsSound();
    }
}
