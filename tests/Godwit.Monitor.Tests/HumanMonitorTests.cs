using System.Net.Sockets;
using System.Text;
using Godwit.Qmp;

namespace Godwit.Monitor.Tests;

public sealed class HumanMonitorTests
{
    // Captured from qemu-system-riscv64 10.0.2.
    public static TheoryData<string, string> Captured => new()
    {
        { "", "" },
        { "bogus", "unknown command: 'bogus'\r\n" },
        { "info bogus", "unknown command: 'info bogus'\r\n" },
        { "help bogus", "unknown command: 'bogus'\r\n" },
        { "help migrate", "migrate [-d] [-r] uri -- migrate to URI (using -d to not wait for completion)\r\n\t\t\t -r to resume a paused postcopy migration\r\n" },
        { "help xp", "xp /fmt addr -- physical memory dump starting at 'addr'\r\n" },
        { "migrate", "migrate: string expected\r\nTry \"help migrate\" for more information\r\n" },
        { "migrate -x tcp:1:1", "migrate: unsupported option -x\r\nTry \"help migrate\" for more information\r\n" },
        { "migrate a b", "migrate: extraneous characters at the end of line\r\nTry \"help migrate\" for more information\r\n" },
        { "migrate -d bogus:1", "Error: unknown migration protocol: bogus:1\r\n" },
        { "xp", "unexpected end of expression\r\nTry \"help xp\" for more information\r\n" },
        { "xp abc", "invalid char 'a' in expression\r\nTry \"help xp\" for more information\r\n" },
        { "xp/2q 0x1000", "invalid char in format: 'q'\r\nTry \"help xp\" for more information\r\n" },
        { "xp 0x1000 4", "xp: extraneous characters at the end of line\r\nTry \"help xp\" for more information\r\n" },
        { "xp/2xw 0", "0000000000000000: Cannot access memory\r\n" },
        { "xp/2xw 0x100000000", "0000000100000000: Cannot access memory\r\n" },
        { "stop x", "stop|s: extraneous characters at the end of line\r\nTry \"help stop\" for more information\r\n" },
        { "q x", "quit|q: extraneous characters at the end of line\r\nTry \"help q\" for more information\r\n" },
        { "info status x", "status: extraneous characters at the end of line\r\nTry \"help info status\" for more information\r\n" },
        { "info migrate -a", "migrate: extraneous characters at the end of line\r\nTry \"help info migrate\" for more information\r\n" },
        { "info status", "VM status: paused (prelaunch)\r\n" },
        { "  info   status", "VM status: paused (prelaunch)\r\n" },
        { "info name", "" },
        { "info uuid", "00000000-0000-0000-0000-000000000000\r\n" },
        { "info kvm", "kvm support: not compiled\r\n" },
        { "info migrate", "globals:\r\nstore-global-state: on\r\nonly-migratable: off\r\nsend-configuration: on\r\nsend-section-footer: on\r\nsend-switchover-start: on\r\nclear-bitmap-shift: 18\r\n" },
        { "migrate_set_capability events maybe", "Expected 'on' or 'off'\r\nTry \"help migrate_set_capability\" for more information\r\n" },
        { "migrate_set_capability x-colo", "Expected 'on' or 'off'\r\nTry \"help migrate_set_capability\" for more information\r\n" },
        { "migrate_set_capability bogus on", "Error: invalid parameter value: bogus\r\n" },
        { "migrate_set_capability events on", "" },
        { "migrate_set_parameter", "migrate_set_parameter: string expected\r\nTry \"help migrate_set_parameter\" for more information\r\n" },
        { "migrate_set_parameter bogus 1", "Error: invalid parameter value: bogus\r\n" },
        { "migrate_set_parameter downtime-limit 9999999", "Error: Parameter 'downtime_limit' expects an integer in the range of 0 to (2000 * 1000) ms\r\n" },
        { "migrate_set_parameter max-bandwidth xx", "Error: Invalid size xx\r\n" },
        { "migrate_set_parameter multifd-channels 300", "Error: Parameter 'multifd-channels' expects uint8_t\r\n" },
        { "migrate_set_parameter multifd-channels x", "Error: Parameter 'multifd-channels' expects uint64\r\n" },
        { "migrate_set_parameter cpu-throttle-tailslow x", "Error: Parameter 'cpu-throttle-tailslow' expects 'on' or 'off'\r\n" },
        { "migrate_set_parameter multifd-compression x", "Error: Parameter 'multifd-compression' does not accept value 'x'\r\n" },
        { "migrate_set_parameter block-bitmap-mapping x", "Error: The block-bitmap-mapping parameter can only be set through QMP\r\n" },
        { "migrate_cancel", "" },
        { "migrate_continue pre-switchover", "Error: Migration not in expected state: none\r\n" },
        { "migrate_continue bogus", "Error: invalid parameter value: bogus\r\n" },
        { "migrate_incoming tcp:0:1", "Error: '-incoming' was not specified on the command line\r\n" },
        { "migrate_recover x", "Error: Migrate recover can only be run when postcopy is paused.\r\n" },
        { "migrate_start_postcopy", "Error: Enable postcopy with migrate_set_capability before the start of migration\r\n" },
        { "migrate_pause", "Error: migrate-pause is currently only supported during postcopy-active or postcopy-recover state\r\n" },
        { "pmemsave 0x1000 16", "pmemsave: string expected\r\nTry \"help pmemsave\" for more information\r\n" },
        { "pmemsave 0 10 /tmp/x", "Error: Could not open '/nonexistent/x': No such file or directory\r\n" },
    };

    public static TheoryData<string, string> CapturedDirtyRate => new()
    {
        { "info dirty_rate", "Status: unstarted\r\nStart Time: 0 (ms)\r\nSample Pages: 0 (per GB)\r\nPeriod: 0 (sec)\r\nMode: page-sampling\r\nDirty rate: (not ready)\r\n" },
        { "info vcpu_dirty_limit", "Dirty page limit not enabled!\r\n" },
        { "cancel_vcpu_dirty_limit", "[Please use 'info vcpu_dirty_limit' to query dirty limit for virtual CPU]\r\n" },
        { "calc_dirty_rate", "unexpected end of expression\r\nTry \"help calc_dirty_rate\" for more information\r\n" },
        { "calc_dirty_rate 100", "Error: Calculation time is out of range [50ms, 60000ms].\r\n" },
        { "calc_dirty_rate -b 1 512", "Error: sample-pages is used only in page-sampling mode\r\n" },
        { "calc_dirty_rate -r -b 1", "Either dirty ring or dirty bitmap can be specified!\r\n" },
        { "calc_dirty_rate 1 5", "Error: sample-pages is out of range[128, 16384].\r\n" },
        { "calc_dirty_rate 1", "Starting dirty rate measurement with period 1 seconds\r\n[Please use 'info dirty_rate' to check results]\r\n" },
        {
            "help calc_dirty_rate",
            "calc_dirty_rate [-r] [-b] second [sample_pages_per_GB] -- start a round of guest dirty rate measurement (using -r to\r\n"
            + "\t\t\t specify dirty ring as the method of calculation and\r\n\t\t\t -b to specify dirty bitmap as method of calculation)\r\n"
        },
        { "help info vcpu_dirty_limit", "info vcpu_dirty_limit  -- show dirty page limit information of all vCPU\r\n" },
    };

    public static TheoryData<string, string> CapturedLists => new()
    {
        {
            "info migrate_capabilities",
            "xbzrle: off\r\nrdma-pin-all: off\r\nauto-converge: off\r\nzero-blocks: off\r\nevents: off\r\npostcopy-ram: off\r\nx-colo: off\r\nrelease-ram: off\r\n"
            + "return-path: off\r\npause-before-switchover: off\r\nmultifd: off\r\ndirty-bitmaps: off\r\npostcopy-blocktime: off\r\nlate-block-activate: off\r\n"
            + "x-ignore-shared: off\r\nvalidate-uuid: off\r\nbackground-snapshot: off\r\nzero-copy-send: off\r\npostcopy-preempt: off\r\nswitchover-ack: off\r\n"
            + "dirty-limit: off\r\nmapped-ram: off\r\n"
        },
        {
            "info migrate_parameters",
            "announce-initial: 50 ms\r\nannounce-max: 550 ms\r\nannounce-rounds: 5\r\nannounce-step: 100 ms\r\nthrottle-trigger-threshold: 50\r\n"
            + "cpu-throttle-initial: 20\r\ncpu-throttle-increment: 10\r\ncpu-throttle-tailslow: off\r\nmax-cpu-throttle: 99\r\ntls-creds: ''\r\ntls-hostname: ''\r\n"
            + "max-bandwidth: 134217728 bytes/second\r\navail-switchover-bandwidth: 0 bytes/second\r\ndowntime-limit: 300 ms\r\nx-checkpoint-delay: 20000 ms\r\n"
            + "multifd-channels: 2\r\nmultifd-compression: none\r\nzero-page-detection: multifd\r\nxbzrle-cache-size: 67108864 bytes\r\nmax-postcopy-bandwidth: 0\r\n"
            + "tls-authz: ''\r\nx-vcpu-dirty-limit-period: 1000 ms\r\nvcpu-dirty-limit: 1 MB/s\r\nmode: normal\r\ndirect-io: off\r\n"
            + "x-peer-version: auto\r\nx-channel-timeout: 0 s\r\n" // those that QEMU does not have
        },
    };

    [Theory]
    [MemberData(nameof(Captured))]
    [MemberData(nameof(CapturedDirtyRate))]
    [MemberData(nameof(CapturedLists))]
    public async Task Run_Line_PrintsWhatQemuPrints(string line, string expected)
    {
        await using MonitorFixture fixture = await MonitorFixture.StartAsync();
        if (line.StartsWith("pmemsave 0 10", StringComparison.Ordinal))
            line = "pmemsave 0 10 \"/nonexistent/x\"";
        Assert.Equal(expected, fixture.Monitor.RunHumanLine(line));
    }

    // The boot ROM's first words are those of QEMU's virt machine, hence these lines are captured as well.
    [Theory]
    [InlineData("xp/3xw 0x1000", "0000000000001000: 0x00000297 0x02828613 0xf1402573\r\n")]
    [InlineData("xp 4096", "0000000000001000: 0x00000297\r\n")]
    [InlineData("xp /2xh 0x1000+4", "0000000000001004: 0x8613 0x0282\r\n")]
    [InlineData("xp/12xb 0x1000", "0000000000001000: 0x97 0x02 0x00 0x00 0x13 0x86 0x82 0x02\r\n0000000000001008: 0x73 0x25 0x40 0xf1\r\n")]
    [InlineData("xp/3dw 0x1000", "0000000000001000:        663   42108435 4047512947\r\n")]
    [InlineData("xp/3ow 0x1000", "0000000000001000:       01227  0240503023 036120022563\r\n")]
    [InlineData("xp/2ub 0x1000", "0000000000001000: 151   2\r\n")]
    [InlineData("xp/1dg 0x1000", "0000000000001000:   180854351210742423\r\n")]
    [InlineData("xp/10c 0x1000", "0000000000001000: '\\x97' '\\x02' '\\x00' '\\x00' '\\x13' '\\x86' '\\x82' '\\x02' 's' '%'\r\n")]
    public async Task Run_PhysicalMemory_PrintsInEachFormat(string line, string expected)
    {
        await using MonitorFixture fixture = await MonitorFixture.StartAsync();
        Assert.Equal(expected, fixture.Monitor.RunHumanLine(line));
    }

    // Captured, but for the start time.
    [Fact]
    public async Task Run_InfoDirtyRateDuringAMeasurement_PrintsWhatQemuPrints()
    {
        await using MonitorFixture fixture = await MonitorFixture.StartAsync();
        fixture.Monitor.RunHumanLine("calc_dirty_rate 60");
        string start = fixture.Vm.DirtyRate.Report.StartTime!.Value.ToUnixTimeSeconds().ToString(System.Globalization.CultureInfo.InvariantCulture);
        Assert.Equal(
            $"Status: measuring\r\nStart Time: {start} (ms)\r\nSample Pages: 512 (per GB)\r\nPeriod: 60 (sec)\r\nMode: page-sampling\r\nDirty rate: (not ready)\r\n",
            fixture.Monitor.RunHumanLine("info dirty_rate"));
        Assert.Equal("Error: the dirty rate is already being measured.\r\n", fixture.Monitor.RunHumanLine("calc_dirty_rate 1"));
    }

    [Fact]
    public async Task Run_RunCommands_ActOnTheMachine()
    {
        await using MonitorFixture fixture = await MonitorFixture.StartAsync(o => o with { Name = "web" });
        Assert.Equal("", fixture.Monitor.RunHumanLine("c"));
        Assert.Equal("VM status: running\r\n", fixture.Monitor.RunHumanLine("info status"));
        Assert.Equal("", fixture.Monitor.RunHumanLine("stop"));
        Assert.Equal("VM status: paused\r\n", fixture.Monitor.RunHumanLine("info status"));
        Assert.Equal("web\r\n", fixture.Monitor.RunHumanLine("info name"));
        Assert.Equal("", fixture.Monitor.RunHumanLine("system_reset"));
        Assert.Equal("", fixture.Monitor.RunHumanLine("migrate_set_parameter max-bandwidth 32"));
        Assert.Equal(32UL << 20, fixture.Vm.Settings.Parameters.MaxBandwidthBytesPerSecond);
        Assert.Equal("", fixture.Monitor.RunHumanLine("migrate_set_parameter max-bandwidth 500k"));
        Assert.Equal(512000UL, fixture.Vm.Settings.Parameters.MaxBandwidthBytesPerSecond);
        Assert.StartsWith("10.0.2", fixture.Monitor.RunHumanLine("info version"), StringComparison.Ordinal);
        Assert.Matches("^\\* CPU #0: thread_id=[0-9]+\r\n$", fixture.Monitor.RunHumanLine("info cpus"));
        fixture.Monitor.RunHumanLine("q");
        Assert.True(fixture.Vm.Ended.IsCompletedSuccessfully);
    }

    [Fact]
    public async Task Run_MemoryAndCpuViews_ShowTheMachine()
    {
        await using MonitorFixture fixture = await MonitorFixture.StartAsync(o => o with { HartCount = 2 });
        string tree = fixture.Monitor.RunHumanLine("info mtree");
        Assert.Contains("0000000010000000-0000000010000007 (prio 0, i/o): serial\r\n", tree, StringComparison.Ordinal);
        Assert.Contains("riscv_virt_board.ram\r\n", tree, StringComparison.Ordinal);
        Assert.StartsWith("FlatView #0\r\n", fixture.Monitor.RunHumanLine("info mtree -f"), StringComparison.Ordinal);
        string blocks = fixture.Monitor.RunHumanLine("info ramblock");
        Assert.StartsWith("              Block Name    PSize              Offset               Used              Total", blocks, StringComparison.Ordinal);
        Assert.Contains("    riscv_virt_board.ram    4 KiB  0x0000000000000000 0x0000000000800000 0x0000000000800000", blocks, StringComparison.Ordinal);
        string registers = fixture.Monitor.RunHumanLine("info registers");
        Assert.StartsWith("\r\nCPU#0\r\n", registers, StringComparison.Ordinal);
        Assert.Contains(" pc       0000000000001000\r\n", registers, StringComparison.Ordinal);
        Assert.Contains("\r\nCPU#1\r\n", fixture.Monitor.RunHumanLine("info registers -a"), StringComparison.Ordinal);
        Assert.StartsWith("\r\nCPU#1\r\n", fixture.Monitor.RunHumanLine("info registers 1"), StringComparison.Ordinal);
        Assert.Equal("CPU#7 not available\r\n", fixture.Monitor.RunHumanLine("info registers 7"));
        Assert.DoesNotContain("\n", tree.Replace("\r\n", "", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_AnyGarbage_NeverThrows()
    {
        await using MonitorFixture fixture = await MonitorFixture.StartAsync();
        var random = new Random(11);
        string[] words = ["info", "xp", "migrate", "/", "/4", "/99999999999x", "-d", "\"", "\"a", "0x", "-", "+", "-1", "0xffffffffffffffff", "x", "\\", "help", "on", "registers"];
        for (int i = 0; i < 2000; i++)
        {
            string line = string.Join(random.Next(3) == 0 ? "" : " ", Enumerable.Range(0, random.Next(6)).Select(_ => words[random.Next(words.Length)]));
            if (line.StartsWith("xp", StringComparison.Ordinal) && line.Contains("/9", StringComparison.Ordinal))
                continue;
            Assert.NotNull(fixture.Monitor.RunHumanLine(line));
        }
    }

    [Fact]
    public async Task HumanMonitor_OverASocket_PromptsAndAnswers()
    {
        await using MonitorFixture fixture = await MonitorFixture.StartAsync();
        string path = fixture.File("hmp");
        await fixture.Monitor.AddHumanAsync(new QmpEndpoint(QmpAddress.Unix(path)));
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(path));
        await using var stream = new NetworkStream(socket);
        Assert.EndsWith("(qemu) ", await ReadPromptAsync(stream), StringComparison.Ordinal);
        await stream.WriteAsync("info status\n"u8.ToArray());
        Assert.Equal("VM status: paused (prelaunch)\r\n(qemu) ", await ReadPromptAsync(stream));

        // Without -d the line is over when the migration is.
        await stream.WriteAsync("migrate tcp:127.0.0.1:1\r\n"u8.ToArray());
        Assert.Equal("(qemu) ", await ReadPromptAsync(stream));
        Assert.Equal(Migration.MigrationStatus.Failed, fixture.Vm.Outgoing.Status);
    }

    private static async Task<string> ReadPromptAsync(Stream stream)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        var text = new StringBuilder();
        byte[] buffer = new byte[4096];
        while (!text.ToString().EndsWith("(qemu) ", StringComparison.Ordinal))
        {
            int count = await stream.ReadAsync(buffer, deadline.Token);
            Assert.NotEqual(0, count);
            text.Append(Encoding.ASCII.GetString(buffer, 0, count));
        }

        return text.ToString();
    }
}
