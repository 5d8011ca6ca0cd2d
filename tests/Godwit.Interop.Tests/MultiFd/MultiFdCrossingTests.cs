using System.Text.Json;

namespace Godwit.Interop.Tests;

/// <summary>A guest that never stops writing crosses between Godwit and real QEMUs on data channels.</summary>
public sealed class MultiFdCrossingTests
{
    /// <summary>Source, destination, channels, compression, zero page detection.</summary>
    public static TheoryData<string, string, int, string, string> Ways
    {
        get
        {
            var ways = new TheoryData<string, string, int, string, string>();
            foreach ((string from, string to) in new[] { ("godwit", "10"), ("10", "godwit"), ("godwit", "11"), ("11", "godwit") })
            {
                ways.Add(from, to, 1, "none", "multifd");
                ways.Add(from, to, 2, "none", "legacy");
                ways.Add(from, to, 4, "none", "none");
                ways.Add(from, to, 2, "zlib", "multifd");
                ways.Add(from, to, 2, "zstd", "multifd");
            }

            ways.Add("godwit", "godwit", 8, "zstd", "legacy");
            return ways;
        }
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void Migrate_WithDataChannels_MemoryIsSound(string from, string to, int channels, string compression, string zeroPages)
    {
        using FeatureVm source = FeatureVm.StartGuest(from);
        using FeatureVm target = FeatureVm.StartTarget(to);
        foreach (FeatureVm vm in new[] { source, target })
        {
            vm.Qmp.EnableCapabilities("multifd");
            vm.Set("multifd-channels", channels);
            vm.Set("multifd-compression", compression);
        }

        source.Set("zero-page-detection", zeroPages);
        source.ExpectTarget(target);
        source.WaitForMoreRounds(1);
        source.Qmp.Execute("migrate", new { uri = target.Listen() });
        source.WaitForMigration();
        target.WaitForMigration();
        target.AssertGuestIsSound();

        JsonElement ram = source.Qmp.Execute("query-migrate").GetProperty("ram");
        Assert.True(ram.GetProperty("multifd-bytes").GetInt64() > channels * (64 + 1344));
        Assert.Equal(zeroPages == "none", ram.GetProperty("duplicate").GetInt64() == 0);
    }
}
