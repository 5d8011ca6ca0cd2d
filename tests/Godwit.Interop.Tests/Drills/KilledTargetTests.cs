namespace Godwit.Interop.Tests;

/// <summary>
/// The destination is killed at thirty points spread over all phases: each time the guest runs on at the source, and its next migration,
/// to a new process, completes; the chain of consoles has no gap and the memory at its end is sound.
/// </summary>
public sealed class KilledTargetTests
{
    /// <summary>2 MiB that are written anew 40 times in a second: faster than the limited link.</summary>
    private const string BusyGuest = "rate=20000,pages=512";

    /// <summary>So little memory that a whole stream fits into the buffers of a TCP connection.</summary>
    private const string SmallGuest = "rate=2000,pages=8,report-rounds=10";

    private const long SlowLink = 2 << 20;

    [Fact]
    public void KilledInSetup_2Points() => Run(BusyGuest, "tcp", points: 2, (point, source, target, uri) =>
    {
        // Nobody listens any more; or the listener goes while the connection is made.
        if (point == 0)
            target.Kill();
        source.Qmp.Execute("migrate", new { uri });
        target.Kill();
    });

    [Fact]
    public void KilledAfterSomeBytes_12Points() => Run(BusyGuest, "tcp", points: 12, (point, source, target, uri) =>
    {
        // The last third is the working set itself, sent once.
        long bytes = point < 4 ? 1000 + (point * 40_000L) : 200_000 + ((point - 4) * 250_000L);
        StartSlowly(source, uri, SlowLink);
        WaitFor(source, $"{bytes} bytes", ram => ram.GetProperty("transferred").GetInt64() >= bytes);
        target.Kill();
    });

    [Fact]
    public void KilledInLaterPasses_6Points() => Run(BusyGuest, "unix", points: 6, (point, source, target, uri) =>
    {
        StartSlowly(source, uri, 2 * SlowLink);

        // On a busy host the guest may get so little time that the passes end earlier.
        WaitFor(
            source,
            $"pass {point + 2}",
            ram => ram.GetProperty("dirty-sync-count").GetInt64() >= point + 2 || source.Qmp.MigrationStatus == "pre-switchover");
        target.Kill();
    });

    [Fact]
    public void KilledInPreSwitchover_4Points() => Run(BusyGuest, "tcp", points: 4, (point, source, target, uri) =>
    {
        PauseBeforeSwitchover(source, uri);
        if (point % 2 == 0)
            target.Freeze();
        target.Kill();
    });

    [Fact]
    public void KilledInDevice_4Points() => Run(BusyGuest, "unix", points: 4, (point, source, target, uri) =>
    {
        // A link on which everything may be left for the stopped phase, and a target that does not read: the stream is not complete, unless
        // the host left the guest no time to write.
        source.Set("max-bandwidth", 4 * SlowLink);
        source.Set("downtime-limit", 2000);
        PauseBeforeSwitchover(source, uri);
        target.Freeze();
        source.Qmp.Execute("migrate-continue", new { state = "pre-switchover" });
        source.Qmp.WaitFor("device", link => link.MigrationStatus == "device");
        target.Kill();
    });

    [Fact]
    public void KilledWithTheWholeStreamInItsSocket_2Points() => Run(SmallGuest, "tcp", points: 2, (point, source, target, uri) =>
    {
        PauseBeforeSwitchover(source, uri);
        target.Freeze();
        source.Qmp.Execute("migrate-continue", new { state = "pre-switchover" });

        // Of all that is not RAM the description at the end is two thirds, 8 KiB.
        WaitFor(source, "all is sent", ram =>
            ram.GetProperty("transferred").GetInt64() - ram.GetProperty("precopy-bytes").GetInt64() - ram.GetProperty("downtime-bytes").GetInt64() > 8000);
        Assert.Equal("device", source.Qmp.MigrationStatus);
        target.Kill();
    }, isUndecided: true);

    private static void Run(string guest, string transport, int points, Action<int, StaircaseVm, StaircaseVm, string> kill, bool isUndecided = false)
    {
        string text = "";
        StaircaseVm source = StaircaseVm.StartGuest(guest);
        try
        {
            source.WaitForMoreRounds(1);
            for (int point = 0; point < points; point++)
            {
                StaircaseVm next = StaircaseVm.StartTarget();
                try
                {
                    using (StaircaseVm victim = StaircaseVm.StartTarget())
                        kill(point, source, victim, victim.Listen(transport));
                    AssertGuestIsHere(source, isUndecided);
                    source.SetCapability("pause-before-switchover", isOn: false);
                    source.Set("max-bandwidth", 1L << 30);
                    source.Set("downtime-limit", 300);
                    source.MigrateTo(next, transport);
                    text += source.Console;
                    (source, next) = (next, source);
                }
                finally
                {
                    next.Dispose();
                }
            }

            source.AssertMemoryIsSound();
            StaircaseVm.AssertConsecutive(text + source.Console, guest == SmallGuest ? 10u : 1u);
        }
        finally
        {
            source.Dispose();
        }
    }

    private static void AssertGuestIsHere(StaircaseVm source, bool isUndecided)
    {
        source.WaitForMigration("failed");
        Assert.NotEmpty(source.Error);
        if (isUndecided || source.Qmp.RunState == "postmigrate")
        {
            // Whoever killed the destination knows that it does not run the guest, the source cannot.
            Assert.Contains("may run the guest", source.Error, StringComparison.Ordinal);
            Assert.Equal("postmigrate", source.Qmp.RunState);
            source.Qmp.Execute("cont");
        }

        source.Qmp.WaitFor("the guest runs", link => link.RunState == "running");
        source.WaitForMoreRounds(2);
    }

    /// <summary>Starts what does not end before the target is killed, however slow the host is.</summary>
    private static void StartSlowly(StaircaseVm source, string uri, long bytesPerSecond)
    {
        source.Set("max-bandwidth", bytesPerSecond);
        source.Set("downtime-limit", 1);
        source.SetCapability("pause-before-switchover", isOn: true);
        source.Qmp.Execute("migrate", new { uri });
    }

    private static void PauseBeforeSwitchover(StaircaseVm source, string uri)
    {
        source.SetCapability("pause-before-switchover", isOn: true);
        source.Qmp.Execute("migrate", new { uri });
        source.Qmp.WaitFor("pre-switchover", link => link.MigrationStatus == "pre-switchover");
    }

    private static void WaitFor(StaircaseVm source, string what, Func<System.Text.Json.JsonElement, bool> condition) =>
        source.Qmp.WaitFor(what, _ => source.Migration.TryGetProperty("ram", out System.Text.Json.JsonElement ram) && condition(ram));
}
