using System.Text.Json.Nodes;
using Godwit.Migration;
using Godwit.Native;

namespace Godwit.Monitor.Tests;

public sealed class QmpCommandTests
{
    // Captured from qemu-system-riscv64 10.0.2 with -M virt -m 64, before anything was started.
    public static TheoryData<string, string, string> CapturedReplies => new()
    {
        { "query-status", "{}", """{"status": "prelaunch", "running": false}""" },
        { "query-name", "{}", "{}" },
        { "query-uuid", "{}", """{"UUID": "00000000-0000-0000-0000-000000000000"}""" },
        { "query-kvm", "{}", """{"enabled": false, "present": false}""" },
        { "query-target", "{}", """{"arch": "riscv64"}""" },
        { "query-current-machine", "{}", """{"wakeup-suspend-support": false}""" },
        { "query-block", "{}", "[]" },
        { "query-named-block-nodes", "{}", "[]" },
        { "query-block-jobs", "{}", "[]" },
        { "query-jobs", "{}", "[]" },
        { "query-iothreads", "{}", "[]" },
        { "query-migrationthreads", "{}", "[]" },
        { "query-migrate", "{}", "{}" },
        { "query-vcpu-dirty-limit", "{}", "[]" },
        { "query-dirty-rate", "{}", """{"status": "unstarted", "sample-pages": 0, "mode": "page-sampling", "calc-time-unit": "second", "start-time": 0, "calc-time": 0}""" },
        { "cancel-vcpu-dirty-limit", "{}", "{}" },
        { "cancel-vcpu-dirty-limit", """{"cpu-index":9}""", "{}" },
        { "query-fdsets", "{}", "[]" },
        { "qom-get", """{"path":"/machine","property":"type"}""", "\"virt-machine\"" },
        { "query-yank", "{}", """[{"type": "chardev", "id": "compat_monitor0"}]""" },
        { "migrate_cancel", "{}", "{}" },
        { "system_powerdown", "{}", "{}" },
        { "announce-self", """{"initial":50,"max":550,"rounds":5,"step":100}""", "{}" },
        { "migrate-set-capabilities", """{"capabilities":[]}""", "{}" },
        { "migrate-set-parameters", "{}", "{}" },
    };

    // Captured from the same.
    public static TheoryData<string, string, string> CapturedErrors => new()
    {
        { "migrate", "{}", "need either 'uri' or 'channels' argument" },
        { "migrate", """{"channels":[]}""", "need either 'uri' or 'channels' argument" },
        { "migrate", """{"uri":"foo"}""", "unknown migration protocol: foo" },
        { "migrate", """{"uri":"bogus:x"}""", "unknown migration protocol: bogus:x" },
        { "migrate", """{"uri":"tcp:127.0.0.1:1","resume":true}""", "Cannot resume if there is no paused migration" },
        { "migrate", """{"uri":"fd:nofd"}""", "File descriptor named 'nofd' has not been found" },
        { "migrate-incoming", "{}", "'-incoming' was not specified on the command line" },
        { "migrate-continue", """{"state":"x"}""", "Parameter 'state' does not accept value 'x'" },
        { "migrate-continue", """{"state":"pre-switchover"}""", "Migration not in expected state: none" },
        { "migrate-start-postcopy", "{}", "Enable postcopy with migrate_set_capability before the start of migration" },
        { "migrate-pause", "{}", "migrate-pause is currently only supported during postcopy-active or postcopy-recover state" },
        { "migrate-recover", """{"uri":"tcp:0:1"}""", "Migrate recover can only be run when postcopy is paused." },
        { "getfd", """{"fdname":"a"}""", "No file descriptor supplied via SCM_RIGHTS" },
        { "closefd", """{"fdname":"a"}""", "File descriptor named 'a' not found" },
        { "remove-fd", """{"fdset-id":5}""", "File descriptor named 'fdset-id:5' not found" },
        { "add-fd", "{}", "No file descriptor supplied via SCM_RIGHTS" },
        { "yank", """{"instances":[{"type":"migration"}]}""", "Instance not found" },
        { "qom-get", """{"path":"/nope","property":"type"}""", "Device '/nope' not found" },
        { "pmemsave", """{"val":4096,"size":16,"filename":"/nonexist/x"}""", "Could not open '/nonexist/x': No such file or directory" },
        { "migrate-set-capabilities", """{"capabilities":[{"capability":"bogus","state":true}]}""", "Parameter 'capability' does not accept value 'bogus'" },
        { "migrate-set-capabilities", """{"capabilities":[{"capability":"switchover-ack","state":true}]}""", "Capability 'switchover-ack' requires capability 'return-path'" },
        { "migrate-set-parameters", """{"downtime-limit":9999999}""", "Parameter 'downtime_limit' expects an integer in the range of 0 to (2000 * 1000) ms" },
        { "migrate-set-parameters", """{"multifd-channels":256}""", "Parameter 'multifd-channels' expects uint8_t" },
        { "migrate-set-parameters", """{"mode":5}""", "Invalid parameter type for 'mode', expected: string" },
        { "migrate-set-parameters", """{"cpu-throttle-tailslow":5}""", "Invalid parameter type for 'cpu-throttle-tailslow', expected: boolean" },
        { "calc-dirty-rate", "{}", "Parameter 'calc-time' is missing" },
        { "calc-dirty-rate", """{"calc-time":0}""", "Calculation time is out of range [50ms, 60000ms]." },
        { "calc-dirty-rate", """{"calc-time":61}""", "Calculation time is out of range [50ms, 60000ms]." },
        { "calc-dirty-rate", """{"calc-time":49,"calc-time-unit":"millisecond"}""", "Calculation time is out of range [50ms, 60000ms]." },
        { "calc-dirty-rate", """{"calc-time":60001,"calc-time-unit":"millisecond"}""", "Calculation time is out of range [50ms, 60000ms]." },
        { "calc-dirty-rate", """{"calc-time":1,"sample-pages":5}""", "sample-pages is out of range[128, 16384]." },
        { "calc-dirty-rate", """{"calc-time":1,"sample-pages":16385}""", "sample-pages is out of range[128, 16384]." },
        { "calc-dirty-rate", """{"calc-time":1,"sample-pages":512,"mode":"dirty-bitmap"}""", "sample-pages is used only in page-sampling mode" },
        { "calc-dirty-rate", """{"calc-time":1,"mode":"x"}""", "Parameter 'mode' does not accept value 'x'" },
        { "set-vcpu-dirty-limit", "{}", "Parameter 'dirty-rate' is missing" },
        { "human-monitor-command", """{"command-line":"help","cpu-index":7}""", "Parameter 'cpu-index' expects a CPU number" },
        { "human-monitor-command", """{"command-line":"help","cpu-index":1.5}""", "Invalid parameter type for 'cpu-index', expected: integer" },
    };

    [Theory]
    [MemberData(nameof(CapturedReplies))]
    public async Task Command_FreshMachine_RepliesAsQemu(string command, string arguments, string reply)
    {
        await using MonitorFixture fixture = await MonitorFixture.StartAsync();
        Assert.Equal(reply, await fixture.ReplyAsync(command, arguments));
    }

    [Theory]
    [MemberData(nameof(CapturedErrors))]
    public async Task Command_Refused_SaysWhatQemuSays(string command, string arguments, string description)
    {
        await using MonitorFixture fixture = await MonitorFixture.StartAsync();
        Assert.Equal(description, await fixture.ErrorAsync(command, arguments));
        Assert.Equal("{}", await fixture.ReplyAsync("query-migrate") is "{}" or """{"status": "failed", "error-desc": "File descriptor named 'nofd' has not been found"}""" ? "{}" : "changed");
    }

    // Captured: the default reply of 10.0.
    [Fact]
    public async Task QueryMigrateParameters_Defaults_AreThoseOfQemu()
    {
        await using MonitorFixture fixture = await MonitorFixture.StartAsync();
        JsonNode expected = JsonNode.Parse(
            """
            {"cpu-throttle-tailslow": false, "xbzrle-cache-size": 67108864, "cpu-throttle-initial": 20, "announce-max": 550, "direct-io": false,
             "avail-switchover-bandwidth": 0, "zero-page-detection": "multifd", "multifd-qatzip-level": 1, "multifd-channels": 2, "mode": "normal",
             "multifd-zstd-level": 1, "announce-initial": 50, "downtime-limit": 300, "tls-authz": "", "vcpu-dirty-limit": 1, "multifd-compression": "none",
             "announce-rounds": 5, "announce-step": 100, "tls-creds": "", "x-vcpu-dirty-limit-period": 1000, "multifd-zlib-level": 1, "max-cpu-throttle": 99,
             "max-postcopy-bandwidth": 0, "tls-hostname": "", "throttle-trigger-threshold": 50, "max-bandwidth": 134217728, "x-checkpoint-delay": 20000,
             "cpu-throttle-increment": 10}
            """)!;
        JsonObject actual = JsonNode.Parse(await fixture.ReplyAsync("query-migrate-parameters"))!.AsObject();

        // The two parameters that are not QEMU's.
        Assert.Equal("auto", actual["x-peer-version"]?.GetValue<string>());
        Assert.Equal(0, actual["x-channel-timeout"]?.GetValue<long>());
        actual.Remove("x-peer-version");
        actual.Remove("x-channel-timeout");
        Assert.True(JsonNode.DeepEquals(expected, actual), actual.ToJsonString());
    }

    [Fact]
    public async Task QueryMigrateCapabilities_Default_ListsAllOff()
    {
        await using MonitorFixture fixture = await MonitorFixture.StartAsync();
        JsonArray list = (await fixture.ExecuteAsync("query-migrate-capabilities"))!.AsArray();
        Assert.Equal(
            "xbzrle rdma-pin-all auto-converge zero-blocks events postcopy-ram x-colo release-ram return-path pause-before-switchover multifd dirty-bitmaps "
            + "postcopy-blocktime late-block-activate x-ignore-shared validate-uuid background-snapshot zero-copy-send postcopy-preempt switchover-ack dirty-limit mapped-ram",
            string.Join(' ', list.Select(e => e!["capability"]!.GetValue<string>())));
        Assert.All(list, e => Assert.False(e!["state"]!.GetValue<bool>()));
    }

    [Fact]
    public async Task CalcDirtyRate_ToItsEnd_RepliesWithTheMembersOfQemu()
    {
        await using MonitorFixture fixture = await MonitorFixture.StartAsync();
        foreach ((string mode, string members) in new[]
        {
            ("page-sampling", "status sample-pages dirty-rate mode calc-time-unit start-time calc-time"),
            ("dirty-bitmap", "status sample-pages dirty-rate mode calc-time-unit start-time calc-time"),
            ("dirty-ring", "status sample-pages vcpu-dirty-rate dirty-rate mode calc-time-unit start-time calc-time"),
        })
        {
            Assert.Equal("{}", await fixture.ReplyAsync("calc-dirty-rate", $$"""{"calc-time":50,"calc-time-unit":"millisecond","mode":"{{mode}}"}"""));
            JsonObject reply;
            var waited = System.Diagnostics.Stopwatch.StartNew();
            do
            {
                Assert.True(waited.Elapsed < TimeSpan.FromSeconds(30), $"{mode} has no result");
                reply = (await fixture.ExecuteAsync("query-dirty-rate", """{"calc-time-unit":"millisecond"}"""))!.AsObject();
            }
            while (reply["status"]!.GetValue<string>() != "measured");
            Assert.Equal(members, string.Join(' ', reply.Select(member => member.Key)));
            Assert.Equal(mode, reply["mode"]!.GetValue<string>());
            Assert.Equal(0, reply["dirty-rate"]!.GetValue<long>());
            Assert.InRange(reply["calc-time"]!.GetValue<long>(), 50, 60_000);
            Assert.Equal("second", (await fixture.ExecuteAsync("query-dirty-rate"))!["calc-time-unit"]!.GetValue<string>());
        }
    }

    [Fact]
    public async Task SetVcpuDirtyLimit_SetAndCancelled_ShowsInTheQuery()
    {
        await using MonitorFixture fixture = await MonitorFixture.StartAsync();
        Assert.Equal("incorrect cpu index specified", await fixture.ErrorAsync("set-vcpu-dirty-limit", """{"cpu-index":9,"dirty-rate":5}"""));
        await fixture.ExecuteAsync("set-vcpu-dirty-limit", """{"cpu-index":0,"dirty-rate":60}""");
        Assert.Equal("""[{"cpu-index": 0, "limit-rate": 60, "current-rate": 0}]""", await fixture.ReplyAsync("query-vcpu-dirty-limit"));
        Assert.Equal("vcpu[0], limit rate 60 (MB/s), current rate 0 (MB/s)\r\n", fixture.Monitor.RunHumanLine("info vcpu_dirty_limit"));
        await fixture.ExecuteAsync("cancel-vcpu-dirty-limit");
        Assert.Equal("[]", await fixture.ReplyAsync("query-vcpu-dirty-limit"));
    }

    [Fact]
    public async Task SetParameters_OneWrong_ChangesNothing()
    {
        await using MonitorFixture fixture = await MonitorFixture.StartAsync();
        await fixture.ErrorAsync("migrate-set-parameters", """{"max-bandwidth":5,"downtime-limit":9999999}""");
        Assert.Equal(134217728UL, fixture.Vm.Settings.Parameters.MaxBandwidthBytesPerSecond);
        await fixture.ExecuteAsync("migrate-set-parameters", """{"max-bandwidth":-1,"tls-hostname":null}""");
        Assert.Equal(ulong.MaxValue, fixture.Vm.Settings.Parameters.MaxBandwidthBytesPerSecond);
    }

    [Fact]
    public async Task SetCapabilities_NotBuilt_IsRefusedByName()
    {
        await using MonitorFixture fixture = await MonitorFixture.StartAsync();
        foreach (MigrationCapabilityInfo info in MigrationCapabilityTable.All.Where(c => !c.IsBuilt))
        {
            string error = await fixture.ErrorAsync(
                "migrate-set-capabilities", $$"""{"capabilities":[{"capability":"{{info.Name}}","state":true}]}""");

            // Two of them need another one, which is said first.
            string expected = info.Name switch
            {
                "postcopy-preempt" => "Postcopy preempt requires postcopy-ram",
                "zero-copy-send" => "Zero copy only available for non-compressed non-TLS multifd migration",
                _ => $"Capability '{info.Name}' is not built yet",
            };
            Assert.Equal(expected, error);
            await fixture.ExecuteAsync("migrate-set-capabilities", $$"""{"capabilities":[{"capability":"{{info.Name}}","state":false}]}""");
        }
    }

    [Fact]
    public async Task RunCommands_Sequence_GivesStatesAndEventsInOrder()
    {
        await using MonitorFixture fixture = await MonitorFixture.StartAsync();
        await fixture.ExecuteAsync("cont");
        Assert.Equal("""{"status": "running", "running": true}""", await fixture.ReplyAsync("query-status"));
        await fixture.ExecuteAsync("stop");
        Assert.Equal("""{"status": "paused", "running": false}""", await fixture.ReplyAsync("query-status"));
        await fixture.ExecuteAsync("stop");
        await fixture.ExecuteAsync("system_reset");
        await fixture.ExecuteAsync("system_powerdown");
        await fixture.ExecuteAsync("quit");
        foreach (string expected in new[] { "RESUME", "STOP", "RESET", "POWERDOWN", "SHUTDOWN" })
            Assert.Equal(expected, await fixture.EventAsync());
        Assert.Equal(0, (await fixture.Vm.Ended).ExitCode);
    }

    [Fact]
    public async Task Identity_Given_IsReported()
    {
        await using MonitorFixture fixture = await MonitorFixture.StartAsync(
            o => o with { Name = "web 1", Uuid = Guid.Parse("12345678-1234-5678-1234-56789abcdef0"), HartCount = 2 });
        Assert.Equal("""{"name": "web 1"}""", await fixture.ReplyAsync("query-name"));
        Assert.Equal("""{"UUID": "12345678-1234-5678-1234-56789abcdef0"}""", await fixture.ReplyAsync("query-uuid"));
        Assert.Equal("""{"base-memory": 8388608}""", await fixture.ReplyAsync("query-memory-size-summary"));
        JsonArray cpus = (await fixture.ExecuteAsync("query-cpus-fast"))!.AsArray();
        Assert.Equal(2, cpus.Count);
        Assert.Equal("/machine/soc0/harts[1]", cpus[1]!["qom-path"]!.GetValue<string>());
        JsonNode version = (await fixture.ExecuteAsync("query-version"))!;
        Assert.Equal(10, version["qemu"]!["major"]!.GetValue<long>());
        Assert.Contains("Godwit", version["package"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task QueryCommands_All_AreInTheSchemaToo()
    {
        await using MonitorFixture fixture = await MonitorFixture.StartAsync();
        string[] commands = [.. (await fixture.ExecuteAsync("query-commands"))!.AsArray().Select(c => c!["name"]!.GetValue<string>())];
        JsonArray schema = (await fixture.ExecuteAsync("query-qmp-schema"))!.AsArray();
        var byName = schema.ToDictionary(e => e!["name"]!.GetValue<string>(), e => e!, StringComparer.Ordinal);
        foreach (string command in commands.Where(c => c != "qmp_capabilities"))
        {
            Assert.Equal("command", byName[command]["meta-type"]!.GetValue<string>());
            JsonNode arguments = byName[byName[command]["arg-type"]!.GetValue<string>()];
            foreach (JsonNode? member in arguments["members"]!.AsArray())
                Assert.True(byName.ContainsKey(member!["type"]!.GetValue<string>()), $"{command}.{member["name"]}");
        }

        // What a client that only migrates needs at least.
        string[] needed =
        [
            "migrate", "migrate-incoming", "migrate_cancel", "migrate-continue", "migrate-set-capabilities", "migrate-set-parameters", "query-migrate",
            "query-migrate-capabilities", "query-migrate-parameters", "query-status", "stop", "cont", "quit", "system_powerdown", "system_reset",
            "query-version", "query-commands", "query-cpus-fast", "query-name", "query-uuid", "pmemsave", "human-monitor-command", "getfd", "closefd", "add-fd",
        ];
        Assert.Empty(needed.Except(commands, StringComparer.Ordinal));
    }

    [Fact]
    public async Task Pmemsave_Range_WritesGuestMemoryAndZerosForHoles()
    {
        await using MonitorFixture fixture = await MonitorFixture.StartAsync();
        string path = fixture.File("dump");
        await File.WriteAllBytesAsync(path, new byte[100_000]);
        await fixture.ExecuteAsync("pmemsave", $$"""{"val":{{0x8000_0000UL + (8 << 20) - 4096}},"size":8192,"filename":"{{path}}"}""");
        Assert.Equal(8192, new FileInfo(path).Length);
        await fixture.ExecuteAsync("pmemsave", $$"""{"val":2147483648,"size":64,"filename":"{{path}}"}""");
        byte[] bytes = await File.ReadAllBytesAsync(path);
        Assert.Equal("STAIRCAS"u8.ToArray(), bytes.AsSpan(0x10, 8).ToArray());
    }

    [Fact]
    public async Task DescriptorSets_AddedQueriedAndUsedAsFile()
    {
        await using MonitorFixture fixture = await MonitorFixture.StartAsync();
        string path = fixture.File("stream");
        using (FileDescriptor file = FileDescriptor.OpenWrite(path))
        {
            JsonNode added = (await fixture.Client.ExecuteAsync("add-fd", new JsonObject { ["opaque"] = "mine" }, descriptor: file))!;
            Assert.Equal(0, added["fdset-id"]!.GetValue<long>());
            Assert.Equal(
                $$"""[{"fds": [{"fd": {{added["fd"]}}, "opaque": "mine"}], "fdset-id": 0}]""", await fixture.ReplyAsync("query-fdsets"));
        }

        await fixture.ExecuteAsync("migrate", """{"uri":"file:/dev/fdset/0"}""");
        Assert.True(fixture.Vm.Outgoing.WaitForEnd(TimeSpan.FromSeconds(20)));
        Assert.Equal(MigrationStatus.Completed, fixture.Vm.Outgoing.Status);
        Assert.Equal(fixture.Vm.Outgoing.Statistics.TransferredBytes, new FileInfo(path).Length);
        await fixture.ExecuteAsync("remove-fd", """{"fdset-id":0}""");
        Assert.Equal("[]", await fixture.ReplyAsync("query-fdsets"));
    }

    [Fact]
    public async Task NamedDescriptor_UsedByMigrate_IsConsumed()
    {
        await using MonitorFixture fixture = await MonitorFixture.StartAsync();
        (FileDescriptor first, FileDescriptor second) = Sockets.CreatePair();
        using (first)
        {
            using (second)
                await fixture.Client.ExecuteAsync("getfd", new JsonObject { ["fdname"] = "m" }, descriptor: second);
            await fixture.ExecuteAsync("migrate", """{"uri":"fd:m"}""");
            Assert.Equal("File descriptor named 'm' not found", await fixture.ErrorAsync("closefd", """{"fdname":"m"}"""));
            byte[] buffer = new byte[1 << 16];
            long received = Sockets.Receive(first, buffer);
            Assert.Equal("QEVM"u8.ToArray(), buffer.AsSpan(0, 4).ToArray());
            for (long count; (count = Sockets.Receive(first, buffer)) > 0;)
                received += count;
            Assert.Equal(fixture.Vm.Outgoing.Statistics.TransferredBytes, received);
        }

        Assert.True(fixture.Vm.Outgoing.WaitForEnd(TimeSpan.FromSeconds(20)));
        Assert.Equal(MigrationStatus.Completed, fixture.Vm.Outgoing.Status);
    }

    [Fact]
    public async Task HumanMonitorCommand_Line_ReturnsItsOutput()
    {
        await using MonitorFixture fixture = await MonitorFixture.StartAsync();
        Assert.Equal("\"VM status: paused (prelaunch)\\r\\n\"", await fixture.ReplyAsync("human-monitor-command", """{"command-line":"info status"}"""));
    }
}
