using System.Diagnostics;
using System.Globalization;
using Godwit.Testing;

namespace Godwit.Interop.Tests;

/// <summary>The command as scripts end it.</summary>
public sealed class SignalTests
{
    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(60);

    /// <summary>As <c>timeout(1)</c> does, which signals its command and then the group that the command is in.</summary>
    [Fact]
    public void Migrate_TwoSignalsAtOnce_IsCancelledAndTheGuestRunsOn()
    {
        using var directory = new TemporaryDirectory();
        string monitor = directory.File("monitor");
        using VmProcess vm = VmProcess.StartGodwit([.. LinuxGuest.Machine(memory: "16"), "-guest", "staircase", "-qmp", $"unix:{monitor},server=on,wait=off"]);
        vm.Qmp.WaitFor("the guest to run", q => q.RunState == "running");
        using Process migrate = Process.Start(new ProcessStartInfo(
            Repository.RuntimeHost, [Repository.GodwitAssembly, "migrate", "exec:cat >/dev/null", "--qmp", monitor, "--set", "max-bandwidth=65536"])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        try
        {
            vm.Qmp.WaitFor("the migration to begin", q => q.MigrationStatus == "active");

            // Two different ones: of two equal ones that are pending the system may make one.
            string id = migrate.Id.ToString(CultureInfo.InvariantCulture);
            using (Process kill = Process.Start("sh", ["-c", $"kill -TERM {id}; kill -INT {id}"]))
                Assert.True(kill.WaitForExit(_deadline), "the signals are sent");

            Assert.True(migrate.WaitForExit(_deadline), "the command ends");
            Assert.Equal(130, migrate.ExitCode);
            Assert.Contains("migration cancelled: interrupted; the guest runs on at the source", migrate.StandardError.ReadToEnd(), StringComparison.Ordinal);
        }
        finally
        {
            if (!migrate.HasExited)
                migrate.Kill();
        }

        Assert.Equal("cancelled", vm.Qmp.MigrationStatus);
        Assert.Equal("running", vm.Qmp.RunState);
    }
}
