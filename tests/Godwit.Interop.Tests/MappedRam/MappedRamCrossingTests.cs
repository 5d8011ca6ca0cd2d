namespace Godwit.Interop.Tests;

/// <summary>A running guest is saved to a file with fixed places by one side, and goes on at the other.</summary>
public sealed class MappedRamCrossingTests
{
    /// <summary>Who saves, who loads, data channels (0 for none), direct-io, offset in the file.</summary>
    public static TheoryData<string, string, int, bool, int> Ways
    {
        get
        {
            var ways = new TheoryData<string, string, int, bool, int>();
            foreach ((string from, string to) in new[] { ("godwit", "10"), ("10", "godwit"), ("godwit", "11"), ("11", "godwit") })
            {
                ways.Add(from, to, 0, false, 0);
                ways.Add(from, to, 0, false, 0x1800);
                ways.Add(from, to, 2, false, 0);
                ways.Add(from, to, 4, true, 0);
            }

            return ways;
        }
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void Save_RunningGuest_GoesOnAtTheOtherSide(string from, string to, int channels, bool direct, int offset)
    {
        // On a disk: memory file systems know no direct transfers.
        string path = Path.Combine(AppContext.BaseDirectory, $"mapped-{Guid.NewGuid():n}");
        try
        {
            string uri = offset == 0 ? $"file:{path}" : $"file:{path},offset=0x{offset:x}";
            using FeatureVm source = FeatureVm.StartGuest(from);
            using FeatureVm target = FeatureVm.StartTarget(to);
            foreach (FeatureVm vm in new[] { source, target })
            {
                vm.Qmp.EnableCapabilities("mapped-ram");
                if (channels == 0)
                    continue;
                vm.Qmp.EnableCapabilities("multifd");
                vm.Set("multifd-channels", channels);
                vm.Set("direct-io", direct);
            }

            source.ExpectTarget(target);
            source.WaitForMoreRounds(1);
            source.Qmp.Execute("migrate", new { uri });
            source.WaitForMigration();
            Assert.True(AllocatedBytes(path) < new FileInfo(path).Length / 2, "unused parts of the file are holes");
            target.Load(uri);
            target.WaitForMigration();
            target.AssertGuestIsSound();
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static long AllocatedBytes(string path)
    {
        using var du = System.Diagnostics.Process.Start(
            new System.Diagnostics.ProcessStartInfo("stat", ["-c", "%b", path]) { RedirectStandardOutput = true, UseShellExecute = false })!;
        string text = du.StandardOutput.ReadToEnd();
        du.WaitForExit();
        return long.Parse(text, System.Globalization.CultureInfo.InvariantCulture) * 512;
    }
}
