using System.Globalization;
using System.Text.Json;

namespace Godwit.Interop.Tests;

/// <summary>The source is killed: the destination ends with the reason, or stays and says it.</summary>
public sealed class KilledSourceTests
{
    public static TheoryData<string, bool> Points
    {
        get
        {
            var points = new TheoryData<string, bool>();
            foreach (string point in new[] { "100000 bytes", "1500000 bytes", "pass 3", "pre-switchover", "device" })
            {
                points.Add(point, true);
                points.Add(point, false);
            }

            return points;
        }
    }

    [Theory]
    [MemberData(nameof(Points))]
    public void Killed_TargetEndsWithTheReasonOrStaysAndSaysIt(string point, bool exitOnError)
    {
        using StaircaseVm source = StaircaseVm.StartGuest("rate=20000,pages=512");
        using StaircaseVm target = StaircaseVm.StartTarget();
        source.WaitForMoreRounds(1);
        Reach(point, source, target, target.Listen("unix", exitOnError));
        source.Kill();
        if (point == "device")
            target.Thaw();

        if (exitOnError)
        {
            Assert.Equal(1, target.WaitForExit());
            Assert.Contains("load of migration failed: Input/output error", target.Output, StringComparison.Ordinal);
            Assert.DoesNotContain("   at ", target.Output, StringComparison.Ordinal);
            return;
        }

        target.WaitForMigration("failed");
        Assert.StartsWith("load of migration failed: Input/output error", target.Error, StringComparison.Ordinal);
        Assert.Equal("inmigrate", target.Qmp.RunState);
        Assert.False(target.HasExited);
        Assert.Empty(StaircaseVm.Rounds(target.Console));
    }

    private static void Reach(string point, StaircaseVm source, StaircaseVm target, string uri)
    {
        bool isStopped = point is "pre-switchover" or "device";
        source.Set("max-bandwidth", 8 << 20);
        source.Set("downtime-limit", isStopped ? 2000 : 1);
        // Always: the guest of a busy host may get so little time that a migration ends before its source is killed.
        source.SetCapability("pause-before-switchover", isOn: true);
        source.Qmp.Execute("migrate", new { uri });
        if (isStopped)
        {
            source.Qmp.WaitFor("pre-switchover", link => link.MigrationStatus == "pre-switchover");
            if (point == "pre-switchover")
                return;
            target.Freeze();
            source.Qmp.Execute("migrate-continue", new { state = "pre-switchover" });
            source.Qmp.WaitFor("device", link => link.MigrationStatus == "device");
            return;
        }

        string[] words = point.Split(' ');
        (string member, int value) = words[0] == "pass" ? ("dirty-sync-count", Number(words[1])) : ("transferred", Number(words[0]));
        source.Qmp.WaitFor(point, _ => source.Migration.TryGetProperty("ram", out JsonElement ram)
            && (ram.GetProperty(member).GetInt64() >= value || source.Qmp.MigrationStatus == "pre-switchover"));
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
