using System.Text.Json.Nodes;
using Godwit.Migration;

namespace Godwit.Monitor.Tests;

public sealed class MonitorMigrationTests
{
    private const string EventsAndReturnPath =
        """{"capabilities":[{"capability":"events","state":true},{"capability":"return-path","state":true}]}""";

    [Fact]
    public async Task Migrate_ByCommands_GivesTheEventsAndTheReplyOfQemu()
    {
        await using MonitorFixture source = await MonitorFixture.StartAsync();
        await using MonitorFixture target = await MonitorFixture.StartAsync(o => o with { IsIncoming = true });
        await source.ExecuteAsync("migrate-set-capabilities", EventsAndReturnPath);
        await target.ExecuteAsync("migrate-set-capabilities", EventsAndReturnPath);
        Assert.Equal("""{"status": "inmigrate", "running": false}""", await target.ReplyAsync("query-status"));
        await source.ExecuteAsync("cont");
        await target.ExecuteAsync("migrate-incoming", """{"uri":"tcp:127.0.0.1:0","exit-on-error":false}""");
        JsonNode listening = (await target.ExecuteAsync("query-migrate"))!;
        Assert.Equal("setup", listening["status"]!.GetValue<string>());
        JsonNode address = Assert.Single(listening["socket-address"]!.AsArray())!;
        Assert.Equal("inet", address["type"]!.GetValue<string>());
        Assert.True(address["ipv4"]!.GetValue<bool>());
        Assert.Equal("The incoming migration has already been started", await target.ErrorAsync("migrate-incoming", """{"uri":"tcp:127.0.0.1:0"}"""));

        string channels = $$$"""{"channels":[{"channel-type":"main","addr":{"transport":"socket","type":"inet","host":"127.0.0.1","port":"{{{address["port"]}}}"}}],"detach":true}""";
        await source.ExecuteAsync("migrate", channels);
        List<string> sourceEvents = await EventsUntilAsync(source, "M:completed");
        List<string> targetEvents = await EventsUntilAsync(target, "M:completed");
        Assert.Equal(["RESUME", "M:setup", "P:1", "M:active"], sourceEvents[..4]);
        Assert.Equal(["M:setup", "M:active", "RESUME", "M:completed"], targetEvents);
        int stop = sourceEvents.IndexOf("STOP");
        Assert.Equal("M:device", sourceEvents[stop + 1]);
        Assert.Equal("M:completed", sourceEvents[stop + 3]);
        Assert.Equal("""{"status": "postmigrate", "running": false}""", await source.ReplyAsync("query-status"));
        Assert.Equal("""{"status": "running", "running": true}""", await target.ReplyAsync("query-status"));

        JsonObject info = (await source.ExecuteAsync("query-migrate"))!.AsObject();
        Assert.Equal(
            ["downtime", "ram", "setup-time", "status", "total-time"], info.Select(m => m.Key).Order(StringComparer.Ordinal));
        JsonObject ram = info["ram"]!.AsObject();
        Assert.Equal(
            [
                "dirty-pages-rate", "dirty-sync-count", "dirty-sync-missed-zero-copy", "downtime-bytes", "duplicate", "mbps", "multifd-bytes", "normal",
                "normal-bytes", "page-size", "pages-per-second", "postcopy-bytes", "postcopy-requests", "precopy-bytes", "remaining", "total", "transferred",
            ],
            ram.Select(m => m.Key).Order(StringComparer.Ordinal));
        Assert.Equal(0, ram["remaining"]!.GetValue<long>());
        Assert.Equal(ram["normal"]!.GetValue<long>() * 4096, ram["normal-bytes"]!.GetValue<long>());
        Assert.Equal((8 << 20) + (64 << 20) + 0xf000, ram["total"]!.GetValue<long>());
        Assert.Equal("""{"status": "completed"}""", await target.ReplyAsync("query-migrate"));
        string human = source.Monitor.RunHumanLine("info migrate");
        Assert.Contains("Migration status: completed\r\ntotal time: ", human, StringComparison.Ordinal);
        Assert.Contains($"normal: {ram["normal"]} pages\r\n", human, StringComparison.Ordinal);
        Assert.Equal(
            "Can't migrate the vm that was paused due to previous migration", await source.ErrorAsync("migrate", """{"uri":"tcp:127.0.0.1:1"}"""));
    }

    [Fact]
    public async Task Migrate_NobodyListens_FailsLaterWithTheReason()
    {
        await using MonitorFixture source = await MonitorFixture.StartAsync();
        await source.ExecuteAsync("migrate-set-capabilities", EventsAndReturnPath);
        await source.ExecuteAsync("migrate", """{"uri":"tcp:127.0.0.1:1"}""");
        Assert.Equal(["M:setup", "M:failed"], await EventsUntilAsync(source, "M:failed"));
        Assert.Equal(
            """{"status": "failed", "error-desc": "Failed to connect to '127.0.0.1:1': Connection refused"}""", await source.ReplyAsync("query-migrate"));
        Assert.Equal("{}", await source.ReplyAsync("migrate_cancel"));
    }

    [Fact]
    public async Task Migrate_Cancelled_GoesThroughCancelling()
    {
        await using MonitorFixture source = await MonitorFixture.StartAsync();
        await using MonitorFixture target = await MonitorFixture.StartAsync(o => o with { IsIncoming = true });
        await source.ExecuteAsync("migrate-set-capabilities", EventsAndReturnPath);
        await source.ExecuteAsync("migrate-set-parameters", """{"max-bandwidth":65536}""");
        await source.ExecuteAsync("cont");
        string path = target.File("m");
        await target.ExecuteAsync("migrate-incoming", $$"""{"uri":"unix:{{path}}","exit-on-error":false}""");
        Assert.Equal($$"""{"status": "setup", "socket-address": [{"path": "{{path}}", "type": "unix"}]}""", await target.ReplyAsync("query-migrate"));
        await source.ExecuteAsync("migrate", $$"""{"uri":"unix:{{path}}"}""");
        await EventsUntilAsync(source, "M:active");
        Assert.Equal(
            "There's a migration process in progress", await source.ErrorAsync("migrate-set-capabilities", """{"capabilities":[{"capability":"return-path","state":false}]}"""));
        Assert.Equal("There's a migration process in progress", await source.ErrorAsync("migrate", """{"uri":"tcp:127.0.0.1:1"}"""));
        Assert.Equal("""[{"type": "chardev", "id": "compat_monitor0"}, {"type": "migration"}]""", await source.ReplyAsync("query-yank"));
        await source.ExecuteAsync("migrate_cancel");
        List<string> rest = await EventsUntilAsync(source, "M:cancelled");
        Assert.Equal(["M:cancelling", "M:cancelled"], rest.Where(e => e.StartsWith("M:", StringComparison.Ordinal)));
        Assert.DoesNotContain("STOP", rest);
        Assert.True(target.Vm.Incoming.WaitForEnd(TimeSpan.FromSeconds(20)));
        Assert.Equal(MigrationStatus.Failed, target.Vm.Incoming.Status);
        Assert.StartsWith("load of migration failed: ", (await target.ExecuteAsync("query-migrate"))!["error-desc"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Yank_WhileActive_FailsTheMigration()
    {
        await using MonitorFixture source = await MonitorFixture.StartAsync();
        await using MonitorFixture target = await MonitorFixture.StartAsync(o => o with { IsIncoming = true });
        await source.ExecuteAsync("migrate-set-parameters", """{"max-bandwidth":1048576}""");
        string path = target.File("m");
        await target.ExecuteAsync("migrate-incoming", $$"""{"uri":"unix:{{path}}","exit-on-error":false}""");
        await source.ExecuteAsync("migrate", $$"""{"uri":"unix:{{path}}"}""");
        await source.Client.ExecuteAsync("yank", JsonNode.Parse("""{"instances":[{"type":"migration"}]}""")!.AsObject(), outOfBand: true);
        Assert.True(source.Vm.Outgoing.WaitForEnd(TimeSpan.FromSeconds(20)));
        Assert.Equal(MigrationStatus.Failed, source.Vm.Outgoing.Status);
    }

    private static async Task<List<string>> EventsUntilAsync(MonitorFixture fixture, string last)
    {
        var events = new List<string>();
        do
        {
            events.Add(await fixture.EventAsync());
        }
        while (events[^1] != last);
        return events;
    }
}
