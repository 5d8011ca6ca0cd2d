namespace Godwit.Interop.Tests;

/// <summary>What <c>savevm</c> writes is a stream like any other: a real QEMU goes on from it, the inspector reads it to its end.</summary>
public sealed class SnapshotStoreTests
{
    [Theory]
    [InlineData("10")]
    [InlineData("11")]
    public void Savevm_RunningGuest_LoadsHereAgainAndInQemu(string to)
    {
        string store = Directory.CreateTempSubdirectory("gw").FullName;
        try
        {
            using FeatureVm source = FeatureVm.StartGuest("godwit", more: ["-drive", $"file={store},format=snapshots,if=none,id=d0"]);
            using FeatureVm target = FeatureVm.StartTarget(to);
            source.ExpectTarget(target);
            source.WaitForMoreRounds(1);
            Assert.Equal("", Human(source, "savevm t1"));
            source.WaitForMoreRounds(2);
            Assert.Contains("t1 ", Human(source, "info snapshots"), StringComparison.Ordinal);
            Assert.Equal("", Human(source, "loadvm t1"));
            string stream = Path.Combine(store, "1.vmstate");
            ReportChecks.InspectWhole(stream);
            target.Load($"file:{stream}");
            target.WaitForMigration();
            target.AssertGuestIsSound();
            source.AssertGuestIsSound();

            // The third way back: a process that begins with it.
            using FeatureVm again = FeatureVm.StartGuest(
                "godwit", more: ["-drive", $"file={store},format=snapshots,if=none,id=d0", "-loadvm", "t1"]);
            again.AssertGuestIsSound();
        }
        finally
        {
            Directory.Delete(store, recursive: true);
        }
    }

    private static string Human(FeatureVm vm, string line) =>
        vm.Qmp.Execute("human-monitor-command", new Dictionary<string, object>(StringComparer.Ordinal) { ["command-line"] = line }).GetString()!;
}
