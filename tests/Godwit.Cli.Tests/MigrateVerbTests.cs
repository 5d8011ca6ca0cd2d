using System.Text.Json;
using Godwit.Machine;
using Godwit.Monitor;
using Godwit.Qmp;
using Godwit.Testing;
using Godwit.Vmm;

namespace Godwit.Cli.Tests;

public sealed class MigrateVerbTests
{
    // Captured replies of a 10.0 source.
    private const string Active =
        """{"expected-downtime": 300, "status": "active", "setup-time": 0, "total-time": 1509, "ram": {"total": 201527296, "postcopy-requests": 0, "dirty-sync-count": 1, "multifd-bytes": 0, "pages-per-second": 1600, "downtime-bytes": 0, "page-size": 4096, "remaining": 189775872, "postcopy-bytes": 0, "mbps": 52.53264, "transferred": 10509565, "dirty-sync-missed-zero-copy": 0, "precopy-bytes": 10509170, "duplicate": 309, "dirty-pages-rate": 0, "normal-bytes": 10485760, "normal": 2560}}""";

    private const string Completed =
        """{"status": "completed", "setup-time": 0, "downtime": 1, "total-time": 1718, "ram": {"total": 201527296, "postcopy-requests": 0, "dirty-sync-count": 3, "multifd-bytes": 0, "pages-per-second": 46820, "downtime-bytes": 858000, "page-size": 4096, "remaining": 0, "postcopy-bytes": 0, "mbps": 180.74369266589056, "transferred": 38814708, "dirty-sync-missed-zero-copy": 0, "precopy-bytes": 37940997, "duplicate": 40071, "dirty-pages-rate": 0, "normal-bytes": 38363136, "normal": 9366}}""";

    [Fact]
    public async Task Migrate_SourceCompletes_PrintsTheReport()
    {
        await using ScriptedServer source = await ScriptedServer.StartAsync("""{"status": "setup"}""", Active, Completed);
        using var host = new FakeHost();
        int status = await host.RunAsync("migrate", "tcp:h:1", "--qmp", source.Address, "--cap", "xbzrle=off", "--set", "max-bandwidth=2G", "--set", "direct-io=on");
        Assert.Equal(ExitCode.Done, status);
        Assert.Equal(
            [
                """migrate-set-capabilities {"capabilities": [{"capability": "events", "state": true}, {"capability": "xbzrle", "state": false}]}""",
                """migrate-set-parameters {"max-bandwidth": 2147483648, "direct-io": true}""",
                """migrate {"uri": "tcp:h:1"}""",
            ],
            source.Commands);
        Assert.Equal("migrate: setup\nmigrate: active\nmigrate: completed\n", host.ErrorText.ToString());
        Assert.Equal(
            """
            migrated to tcp:h:1
              total time   1718 ms
              downtime     1 ms
              setup        0 ms
              iterations   3
              pages        9366 normal, 40071 zero
              transferred  37.0 MiB for 192 MiB of guest memory
              throughput   180.7 Mbit/s

            """,
            host.OutText.ToString());
    }

    [Fact]
    public async Task Migrate_ParameterThatTheServerDoesNotKnow_PutsTheCapabilitiesBack()
    {
        await using ScriptedServer source = await ScriptedServer.StartAsync(Active);
        using var host = new FakeHost();
        Assert.Equal(ExitCode.WrongUsage, await host.RunAsync("migrate", "tcp:h:1", "--qmp", source.Address, "--cap", "xbzrle", "--set", "bogus=1"));
        Assert.Equal(
            [
                """migrate-set-capabilities {"capabilities": [{"capability": "events", "state": true}, {"capability": "xbzrle", "state": true}]}""",
                """migrate-set-capabilities {"capabilities": [{"capability": "events", "state": false}, {"capability": "xbzrle", "state": false}]}""",
            ],
            source.Commands);
    }

    [Fact]
    public async Task Migrate_TargetRefusesItsSettings_PutsThoseOfTheSourceBack()
    {
        await using ScriptedServer source = await ScriptedServer.StartAsync(Active);
        await using ScriptedServer target = await ScriptedServer.StartWithAsync(["events"], Active);
        using var host = new FakeHost();
        Assert.Equal(
            ExitCode.WrongUsage,
            await host.RunAsync("migrate", "tcp:h:1", "--qmp", source.Address, "--qmp-target", target.Address, "--cap", "xbzrle", "--set", "max-bandwidth=2G"));
        Assert.Equal(
            [
                """migrate-set-capabilities {"capabilities": [{"capability": "events", "state": false}, {"capability": "return-path", "state": false}, {"capability": "xbzrle", "state": false}]}""",
                """migrate-set-parameters {"max-bandwidth": 1}""",
            ],
            source.Commands[^2..]);
        Assert.Empty(target.Commands);
    }

    [Fact]
    public async Task Migrate_Json_PrintsOneDocumentAndNothingElse()
    {
        await using ScriptedServer source = await ScriptedServer.StartAsync(Completed);
        using var host = new FakeHost();
        Assert.Equal(ExitCode.Done, await host.RunAsync("migrate", "tcp:h:1", "--qmp", source.Address, "--json"));
        using JsonDocument report = JsonDocument.Parse(host.OutText.ToString());
        Assert.True(report.RootElement.GetProperty("success").GetBoolean());
        Assert.Equal(1718, report.RootElement.GetProperty("total_ms").GetInt64());
        Assert.Equal(9366, report.RootElement.GetProperty("pages").GetProperty("normal").GetInt64());
    }

    [Fact]
    public async Task Migrate_SourceFails_EndsWith1AndTheReason()
    {
        await using ScriptedServer source = await ScriptedServer.StartAsync(
            Active, """{"status": "failed", "error-desc": "Unable to write to socket: Broken pipe"}""");
        using var host = new FakeHost();
        Assert.Equal(ExitCode.Failed, await host.RunAsync("migrate", "tcp:h:1", "--qmp", source.Address));
        Assert.EndsWith(
            "godwit: migration failed: Unable to write to socket: Broken pipe; the guest runs on at the source (tcp:h:1)\n",
            host.ErrorText.ToString(),
            StringComparison.Ordinal);
        Assert.Equal("", host.OutText.ToString());
    }

    [Fact]
    public async Task Migrate_TimeoutWithCancel_CancelsAndSaysThatTheGuestRunsOn()
    {
        await using ScriptedServer source = await ScriptedServer.StartAsync(Active);
        using var host = new FakeHost();
        Assert.Equal(
            ExitCode.Failed, await host.RunAsync("migrate", "tcp:h:1", "--qmp", source.Address, "--timeout", "0.2", "--cancel-on-timeout"));
        Assert.Contains(
            "godwit: migration cancelled: not done after 0.2 s; the guest runs on at the source (tcp:h:1)", host.ErrorText.ToString(), StringComparison.Ordinal);
        Assert.Equal("migrate_cancel", source.Commands[^1]);
    }

    [Fact]
    public async Task Migrate_TimeoutWithoutCancel_LeavesItRunning()
    {
        await using ScriptedServer source = await ScriptedServer.StartAsync(Active);
        using var host = new FakeHost();
        Assert.Equal(ExitCode.Failed, await host.RunAsync("migrate", "tcp:h:1", "--qmp", source.Address, "--timeout", "0.2"));
        Assert.Contains("still active; it goes on in the background", host.ErrorText.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("migrate_cancel", source.Commands);
    }

    [Fact]
    public async Task Migrate_Interrupted_CancelsAndEndsWith130()
    {
        await using ScriptedServer source = await ScriptedServer.StartAsync(Active);
        using var host = new FakeHost();
        using var interrupt = new CancellationTokenSource();
        Task<int> running = new GodwitCommandLine(host).RunAsync(["migrate", "tcp:h:1", "--qmp", source.Address], interrupt.Token);
        while (!source.Commands.Exists(c => c.StartsWith("migrate {", StringComparison.Ordinal)))
            await Task.Yield();
        await interrupt.CancelAsync();
        Assert.Equal(ExitCode.Interrupted, await running);
        Assert.Equal("migrate_cancel", source.Commands[^1]);
        Assert.Contains("migration cancelled: interrupted; the guest runs on at the source", host.ErrorText.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Migrate_Detach_ReturnsAtOnce()
    {
        await using ScriptedServer source = await ScriptedServer.StartAsync(Active);
        using var host = new FakeHost();
        Assert.Equal(ExitCode.Done, await host.RunAsync("migrate", "tcp:h:1", "--qmp", source.Address, "--detach"));
        Assert.Equal("migration to tcp:h:1 started\n", host.OutText.ToString());
    }

    [Fact]
    public async Task Migrate_Target_IsPreparedFirstAndItsPortUsed()
    {
        await using ScriptedServer source = await ScriptedServer.StartAsync(Active, Completed);
        await using ScriptedServer target = await ScriptedServer.StartAsync(
            "{}", """{"status": "setup", "socket-address": [{"port": "36287", "ipv4": true, "host": "127.0.0.1", "type": "inet"}]}""", """{"status": "completed"}""");
        target.RunState = "inmigrate";
        using var host = new FakeHost();
        Assert.Equal(ExitCode.Done, await host.RunAsync("migrate", "tcp:127.0.0.1:0", "--qmp", source.Address, "--qmp-target", target.Address));
        const string Capabilities = """migrate-set-capabilities {"capabilities": [{"capability": "events", "state": true}, {"capability": "return-path", "state": true}]}""";
        Assert.Equal([Capabilities, """migrate {"uri": "tcp:127.0.0.1:36287"}"""], source.Commands);
        Assert.Equal([Capabilities, """migrate-incoming {"uri": "tcp:127.0.0.1:0", "exit-on-error": false}"""], target.Commands);
    }

    [Fact]
    public async Task Migrate_TargetFailsAfterTheSourceCompleted_LetsTheSourceGoOn()
    {
        await using ScriptedServer source = await ScriptedServer.StartAsync(Active, Completed);
        await using ScriptedServer target = await ScriptedServer.StartAsync(
            "{}", """{"status": "setup"}""", """{"status": "failed", "error-desc": "load of migration failed: Invalid argument"}""");
        using var host = new FakeHost();
        Assert.Equal(ExitCode.Failed, await host.RunAsync("migrate", "tcp:h:1", "--qmp", source.Address, "--qmp-target", target.Address));
        Assert.Equal("cont", source.Commands[^1]);
        Assert.Contains(
            "the destination failed: load of migration failed: Invalid argument; the guest runs on at the source", host.ErrorText.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Migrate_PreSwitchover_IsContinued()
    {
        await using ScriptedServer source = await ScriptedServer.StartAsync(Active, """{"status": "pre-switchover"}""", """{"status": "device"}""", Completed);
        using var host = new FakeHost();
        Assert.Equal(ExitCode.Done, await host.RunAsync("migrate", "tcp:h:1", "--qmp", source.Address));
        Assert.Equal("""migrate-continue {"state": "pre-switchover"}""", source.Commands[^1]);
    }

    [Theory]
    [InlineData("--cap bogus", "godwit: --cap bogus: the server knows no such capability (source ")]
    [InlineData("--cap xbzrle=maybe", "godwit: --cap xbzrle=maybe: expected NAME, NAME=on or NAME=off")]
    [InlineData("--set bogus=1", "godwit: --set bogus: the server knows no such parameter (source ")]
    [InlineData("--set max-bandwidth", "godwit: --set max-bandwidth: expected NAME=VALUE")]
    [InlineData("--set max-bandwidth=x", "godwit: --set max-bandwidth=x: expected a number")]
    [InlineData("--set direct-io=x", "godwit: --set direct-io=x: expected on or off")]
    [InlineData("--timeout x", "godwit: --timeout x: expected a number of seconds")]
    [InlineData("--cancel-on-timeout", "godwit: --cancel-on-timeout: needs --timeout")]
    [InlineData("--bogus", "godwit: Unrecognized command or argument '--bogus'.")]
    public async Task Migrate_WrongUsage_EndsWith2AndNamesIt(string more, string expected)
    {
        await using ScriptedServer source = await ScriptedServer.StartAsync(Active);
        using var host = new FakeHost();
        Assert.Equal(ExitCode.WrongUsage, await host.RunAsync(["migrate", "tcp:h:1", "--qmp", source.Address, .. more.Split(' ')]));
        Assert.StartsWith(expected, host.ErrorText.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(source.Commands, c => c.StartsWith("migrate {", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Migrate_NoServer_EndsWith1()
    {
        using var host = new FakeHost();
        Assert.Equal(ExitCode.Failed, await host.RunAsync("migrate", "tcp:h:1", "--qmp", "/nonexistent/q"));
        Assert.StartsWith("godwit: --qmp: cannot connect to unix:/nonexistent/q: ", host.ErrorText.ToString(), StringComparison.Ordinal);
        Assert.Single(host.ErrorText.ToString().TrimEnd().Split('\n'));
    }

    [Theory]
    [InlineData("tcp:127.0.0.1:0", "tcp:127.0.0.1:4444")]
    [InlineData("tcp:[::1]:0,keep-alive=on", "tcp:[::1]:4444")]
    [InlineData("tcp:127.0.0.1:7", "tcp:127.0.0.1:7")]
    [InlineData("unix:/x", "unix:/x")]
    public void WithChosenPort_Uri_TakesThePortThatTheKernelChose(string uri, string expected) => Assert.Equal(
        expected, MigrationDriver.WithChosenPort(uri, System.Text.Json.Nodes.JsonNode.Parse("""[{"port":"4444","type":"inet"}]""")!.AsArray()));

    [Fact]
    public async Task Migrate_TwoRealMachines_MovesTheGuest()
    {
        using var directory = new TemporaryDirectory();
        using VirtualMachine source = Machine(isIncoming: false);
        using VirtualMachine target = Machine(isIncoming: true);
        await using var sourceMonitor = new VmMonitor(source);
        await using var targetMonitor = new VmMonitor(target);
        await sourceMonitor.AddQmpAsync(new QmpEndpoint(QmpAddress.Unix(directory.File("s"))));
        await targetMonitor.AddQmpAsync(new QmpEndpoint(QmpAddress.Unix(directory.File("t"))));
        source.Start();
        using var host = new FakeHost();
        int status = await host.RunAsync("migrate", $"unix:{directory.File("m")}", "--qmp", directory.File("s"), "--qmp-target", directory.File("t"));
        Assert.Equal((ExitCode.Done, ""), (status, status == 0 ? "" : host.ErrorText.ToString()));
        Assert.True(target.IsRunning);
        Assert.False(source.IsRunning);
        target.Stop();
        Assert.True(target.CheckStaircase().IsSound);

        // And from there into a file that inspect reads to its end.
        string file = directory.File("stream");
        Assert.Equal(ExitCode.Done, await host.RunAsync("migrate", $"file:{file}", "--qmp", directory.File("t")));
        Assert.Equal(ExitCode.Done, await host.RunAsync("inspect", file, "--json"));
        using JsonDocument report = JsonDocument.Parse(host.OutputBytes);
        Assert.True(report.RootElement.GetProperty("complete").GetBoolean());
        Assert.Equal("virt", report.RootElement.GetProperty("machine").GetString());
        Assert.Equal(new FileInfo(file).Length, report.RootElement.GetProperty("bytes").GetInt64());
    }

    private static VirtualMachine Machine(bool isIncoming) => new(new VmOptions
    {
        RamBytes = 8 << 20,
        IsIncoming = isIncoming,
        Staircase = new StaircaseOptions { RamBytes = 8 << 20, WorkingSetPages = 64, PagesPerSecond = 10_000 },
    });
}
