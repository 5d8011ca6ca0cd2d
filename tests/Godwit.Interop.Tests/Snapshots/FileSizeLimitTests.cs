using System.Diagnostics;
using System.Globalization;

namespace Godwit.Interop.Tests;

/// <summary>A process that may not write files beyond a size gets a signal, which must not end the guest.</summary>
public sealed class FileSizeLimitTests
{
    [Fact]
    public void Save_FileMayNotGrow_FailsLeavesNothingAndTheGuestRunsOn()
    {
        using FeatureVm source = FeatureVm.StartGuest("godwit");
        source.WaitForMoreRounds(1);
        Limit(source.Process.Id, "1000000");
        string path = source.PathOf("state");
        source.Qmp.Execute("migrate", new { uri = $"file:{path}" });
        source.WaitForMigration("failed");
        Assert.Contains("File too large", source.Qmp.Execute("query-migrate").GetProperty("error-desc").GetString(), StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(Path.GetDirectoryName(path)!, "state*"));
        Limit(source.Process.Id, "unlimited");
        source.AssertGuestIsSound();
    }

    // The soft limit, which can be raised again.
    private static void Limit(int id, string bytes)
    {
        using Process prlimit = Process.Start("prlimit", ["--pid", id.ToString(CultureInfo.InvariantCulture), $"--fsize={bytes}:"]);
        prlimit.WaitForExit();
        Assert.Equal(0, prlimit.ExitCode);
    }
}
