using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Godwit.Machine;
using Godwit.Migration;
using Godwit.Qmp;
using Godwit.Vmm;

namespace Godwit.Monitor.Tests;

/// <summary>Texts, replies and events of snapshots, as QEMU 10.0.2 gives them with a qcow2 image.</summary>
public sealed partial class SnapshotCommandTests
{
    [Fact]
    public async Task SnapshotSave_RunningGuest_EventsAndJobAreThoseOfQemu()
    {
        await using MonitorFixture fixture = await StartAsync();
        await fixture.ExecuteAsync("migrate-set-capabilities", """{"capabilities":[{"capability":"events","state":true}]}""");
        await fixture.ExecuteAsync("cont");
        Assert.Equal("RESUME", await fixture.EventAsync());
        await fixture.ExecuteAsync("snapshot-save", """{"job-id":"s1","tag":"t1","vmstate":"d0","devices":["d0"]}""");
        Assert.Equal(
            ["created", "running", "STOP", "M:setup", "P:1", "P:2", "M:completed", "RESUME", "waiting", "pending", "concluded"],
            await EventsAsync(fixture, "concluded"));
        Assert.Equal(
            """[{"current-progress": 1, "status": "concluded", "total-progress": 1, "type": "snapshot-save", "id": "s1"}]""",
            await fixture.ReplyAsync("query-jobs"));
        JsonNode info = (await fixture.ExecuteAsync("query-migrate"))!;
        Assert.Equal("completed", info["status"]!.GetValue<string>());
        Assert.Equal(0L, info["ram"]!["precopy-bytes"]!.GetValue<long>());
        Assert.NotEqual(0L, info["ram"]!["downtime-bytes"]!.GetValue<long>());

        await fixture.ExecuteAsync("snapshot-load", """{"job-id":"s2","tag":"t1","vmstate":"d0","devices":["d0"]}""");
        Assert.Equal(["created", "running", "STOP", "RESUME", "waiting", "pending", "concluded"], await EventsAsync(fixture, "concluded"));
        await fixture.ExecuteAsync("snapshot-delete", """{"job-id":"s3","tag":"t1","devices":["d0"]}""");
        Assert.Equal(["created", "running", "waiting", "pending", "concluded"], await EventsAsync(fixture, "concluded"));
        foreach (string id in new[] { "s1", "s2", "s3" })
        {
            await fixture.ExecuteAsync("job-dismiss", $$"""{"id":"{{id}}"}""");
            Assert.Equal(["null"], await EventsAsync(fixture, "null"));
        }

        Assert.Equal("[]", await fixture.ReplyAsync("query-jobs"));
        Assert.Equal("Job not found", await fixture.ErrorAsync("job-dismiss", """{"id":"s1"}"""));
    }

    [Theory]
    [InlineData("snapshot-save", """ "tag":"have","vmstate":"d0","devices":["d0"] """, "Snapshot 'have' already exists in one or more devices")]
    [InlineData("snapshot-save", """ "tag":"t","vmstate":"dx","devices":["d0"] """, "vmstate block device 'dx' does not exist")]
    [InlineData("snapshot-save", """ "tag":"t","vmstate":"d0","devices":[] """, "At least one device is required for snapshot")]
    [InlineData("snapshot-save", """ "tag":"t","vmstate":"d0","devices":["d0","disk"] """, "Device 'disk' is writable but does not support snapshots")]
    [InlineData("snapshot-load", """ "tag":"nope","vmstate":"d0","devices":["d0"] """, "Snapshot 'nope' does not exist in one or more devices")]
    [InlineData("snapshot-load", """ "tag":"have","vmstate":"d0","devices":["disk"] """, "Device 'disk' is writable but does not support snapshots")]
    [InlineData("snapshot-delete", """ "tag":"have","devices":["dx"] """, "No block device node 'dx'")]
    [InlineData("snapshot-delete", """ "tag":"nope","devices":["d0"] """, null)]
    public async Task Job_ThatFails_SaysSoAndTheGuestRunsOn(string command, string arguments, string? error)
    {
        await using MonitorFixture fixture = await StartAsync(withDisk: true);
        await fixture.ExecuteAsync("cont");
        await fixture.ExecuteAsync("snapshot-save", """{"job-id":"first","tag":"have","vmstate":"d0","devices":["d0"]}""");
        await EventsAsync(fixture, "concluded");
        await fixture.ExecuteAsync(command, $$"""{"job-id":"s1",{{arguments}}}""");
        string[] end = error is null ? ["waiting", "pending", "concluded"] : ["aborting", "concluded"];
        Assert.Equal(["created", "running", .. end], await EventsAsync(fixture, "concluded"));
        JsonNode job = (await fixture.ExecuteAsync("query-jobs"))!.AsArray()[1]!;
        Assert.Equal(error, job["error"]?.GetValue<string>());
        Assert.Equal(RunState.Running, fixture.Vm.RunState);
    }

    [Fact]
    public async Task Job_BadIdOrMultifd_IsRefused()
    {
        await using MonitorFixture fixture = await StartAsync();
        foreach (string id in new[] { "", "1x", "a b" })
            Assert.Equal($"Invalid job ID '{id}'", await fixture.ErrorAsync("snapshot-delete", $$"""{"job-id":"{{id}}","tag":"t","devices":["d0"]}"""));
        await fixture.ExecuteAsync("snapshot-delete", """{"job-id":"s1","tag":"t","devices":["d0"]}""");
        Assert.Equal("Job ID 's1' already in use", await fixture.ErrorAsync("snapshot-delete", """{"job-id":"s1","tag":"t","devices":["d0"]}"""));
        await fixture.ExecuteAsync("migrate-set-capabilities", """{"capabilities":[{"capability":"multifd","state":true}]}""");
        Assert.Equal("Error: Snapshots are not compatible with multifd\r\n", fixture.Monitor.RunHumanLine("savevm x"));
    }

    [Fact]
    public async Task Human_SaveLoadDelete_PrintsWhatQemuPrints()
    {
        await using MonitorFixture fixture = await StartAsync();
        Assert.Equal("There is no snapshot available.\r\n", fixture.Monitor.RunHumanLine("info snapshots"));
        Assert.Equal("Error: Snapshot 'nope' does not exist in one or more devices\r\n", fixture.Monitor.RunHumanLine("loadvm nope"));
        Assert.Equal("", fixture.Monitor.RunHumanLine("delvm nope"));
        Assert.Equal("loadvm: string expected\r\nTry \"help loadvm\" for more information\r\n", fixture.Monitor.RunHumanLine("loadvm"));
        Assert.Equal("savevm tag -- save a VM snapshot. If no tag is provided, a new snapshot is created\r\n", fixture.Monitor.RunHumanLine("help savevm"));
        Assert.Equal("", fixture.Monitor.RunHumanLine("savevm t1"));
        Assert.Equal("", fixture.Monitor.RunHumanLine("savevm t1"));
        Assert.Equal("", fixture.Monitor.RunHumanLine("savevm"));
        string[] lines = fixture.Monitor.RunHumanLine("info snapshots").Split("\r\n");
        Assert.Equal("List of snapshots present on all disks:", lines[0]);
        Assert.Equal("ID      TAG               VM_SIZE                DATE        VM_CLOCK     ICOUNT", lines[1]);
        Assert.Matches(Row(), lines[2]);
        Assert.Equal("--      t1        ", lines[2][..18]);
        Assert.Equal(lines[1].Length, lines[2].Length);
        Assert.Matches(NewRow(), lines[3]);
        Assert.Equal(["", ""], [fixture.Monitor.RunHumanLine("loadvm t1"), fixture.Monitor.RunHumanLine("delvm t1")]);
        Assert.DoesNotContain("t1", fixture.Monitor.RunHumanLine("info snapshots"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Human_NoStoreOrWritableDisk_IsRefused()
    {
        await using MonitorFixture none = await MonitorFixture.StartAsync();
        Assert.Equal("Error: no block device can store vmstate for snapshot\r\n", none.Monitor.RunHumanLine("savevm a"));
        Assert.Equal("no block device can store vmstate for snapshot\r\n", none.Monitor.RunHumanLine("info snapshots"));
        await using MonitorFixture disk = await StartAsync(withDisk: true);
        foreach (string command in new[] { "savevm", "loadvm", "delvm" })
            Assert.Equal("Error: Device 'disk' is writable but does not support snapshots\r\n", disk.Monitor.RunHumanLine($"{command} a"));
        Assert.Equal("no block device can store vmstate for snapshot\r\n", disk.Monitor.RunHumanLine("info snapshots"));
    }

    private static Task<MonitorFixture> StartAsync(bool withDisk = false)
    {
        string directory = Directory.CreateTempSubdirectory("gw").FullName;
        string disk = Path.Combine(directory, "disk");
        File.WriteAllBytes(disk, new byte[1 << 20]);
        return MonitorFixture.StartAsync(options => options with
        {
            SnapshotStores = [new SnapshotStore("d0", Path.Combine(directory, "store"))],
            VirtioDevices = withDisk ? [new VirtioBlockOptions { DriveId = "disk", Image = new RawDiskImage(disk, isReadOnly: false) }] : [],
        });
    }

    private static async Task<List<string>> EventsAsync(MonitorFixture fixture, string last)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        var names = new List<string>();
        do
        {
            QmpEvent e = await fixture.Client.Events.ReadAsync(deadline.Token);
            names.Add(e.Name switch
            {
                "MIGRATION" => "M:" + e.GetString("status"),
                "MIGRATION_PASS" => "P:" + e.Data!["pass"],
                "JOB_STATUS_CHANGE" => e.GetString("status")!,
                _ => e.Name,
            });
        }
        while (names[^1] != last);
        return names;
    }

    [GeneratedRegex("^--      t1               {1,4}[0-9.]+ [KM]iB 20[0-9]{2}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}  [0-9]{4}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}         --$", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Row();

    [GeneratedRegex("^--      vm-20[0-9]{12} ", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex NewRow();
}
