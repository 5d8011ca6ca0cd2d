using System.Text.Json;
using Godwit.Testing;

namespace Godwit.Cli.Tests;

public sealed class GodwitCommandLineTests
{
    [Theory]
    [InlineData("demo")]
    [InlineData("run")]
    [InlineData("migrate")]
    [InlineData("inspect")]
    public async Task Help_Verb_ShowsAnExample(string verb)
    {
        using var host = new FakeHost();
        Assert.Equal(ExitCode.Done, await host.RunAsync(verb, "--help"));
        Assert.Contains($"Example:\n  godwit {verb} ", host.OutText.ToString(), StringComparison.Ordinal);
        Assert.Equal("", host.ErrorText.ToString());
    }

    [Fact]
    public async Task Help_Run_HasEveryOptionInItsGroupOnLinesThatFit()
    {
        using var host = new FakeHost();
        Assert.Equal(ExitCode.Done, await host.RunAsync("run", "--help"));
        string help = host.OutText.ToString();
        foreach (string group in new[] { "Machine", "Memory", "Guest", "Devices", "Monitors", "Migration and snapshots" })
            Assert.Contains($"\n{group}:\n", help, StringComparison.Ordinal);
        string[] words = help.Split([' ', ',', '\n', ';'], StringSplitOptions.RemoveEmptyEntries);
        Assert.Empty(RunOptionParser.OptionNames.Except(words));
        Assert.All(RunHelp.Text.Split('\n'), line => Assert.InRange(line.Length, 0, 120));
    }

    [Fact]
    public async Task Help_Root_ListsEveryVerb()
    {
        using var host = new FakeHost();
        Assert.Equal(ExitCode.Done, await host.RunAsync("--help"));
        foreach (string verb in new[] { "demo", "run", "migrate", "inspect" })
            Assert.Contains($"godwit {verb} ", host.OutText.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Version_Any_IsOneLine()
    {
        using var host = new FakeHost();
        Assert.Equal(ExitCode.Done, await host.RunAsync("--version"));
        Assert.Matches("^godwit [0-9]+\\.[0-9]+\\.[0-9]+\n$", host.OutText.ToString());
    }

    [Fact]
    public async Task Completion_Directive_SuggestsOptions()
    {
        using var host = new FakeHost();
        await host.RunAsync("[suggest:10]", "migrate --");
        Assert.Contains("--qmp-target", host.OutText.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("bogus")]
    [InlineData("migrate")]
    [InlineData("inspect")]
    [InlineData("demo --transport rdma")]
    [InlineData("demo --hops 0")]
    [InlineData("demo --memory 3")]
    [InlineData("demo --memory 1Q")]
    [InlineData("demo --dirty-rate -3")]
    [InlineData("run -bogus")]
    [InlineData("run -smp 9")]
    [InlineData("run -global migration.bogus=1")]
    [InlineData("inspect x --offset y")]
    public async Task WrongUsage_Any_EndsWith2AndOneLinePerCause(string line)
    {
        using var host = new FakeHost();
        Assert.Equal(ExitCode.WrongUsage, await host.RunAsync(line.Split(' ')));
        string[] errors = host.ErrorText.ToString().TrimEnd().Split('\n');
        Assert.All(errors, e => Assert.StartsWith("godwit: ", e, StringComparison.Ordinal));
        Assert.Equal("", host.OutText.ToString());
    }

    [Theory]
    [InlineData("bogus", "bogus: is not a verb; there are demo, run, migrate, inspect")]
    [InlineData("demo --hops x", "--hops x: expected 1 to 10000")]
    [InlineData("demo --hops 99999999999999999999", "--hops 99999999999999999999: expected 1 to 10000")]
    [InlineData("demo --transport x", "--transport x: expected tcp or unix")]
    [InlineData("demo --guest x", "--guest x: expected staircase or linux")]
    [InlineData("run -m 1 -nodefaults", "-m 1: '1' is not a size of 2M to 1T in whole pages")]
    [InlineData("run -m 2 -nodefaults -guest staircase,pages=511", "run: The working set has at most 510 pages")]
    public async Task WrongUsage_Value_IsNamedWithWhatIsExpected(string line, string expected)
    {
        using var host = new FakeHost();
        Assert.Equal(ExitCode.WrongUsage, await host.RunAsync(line.Split(' ')));
        Assert.Equal($"godwit: {expected}\n", host.ErrorText.ToString());
    }

    // The base library's words for a file name what it was called with, never the system's reason.
    [Theory]
    [InlineData("-pidfile /nonexistent/x", "-pidfile /nonexistent/x: No such file or directory")]
    [InlineData("-pidfile /", "-pidfile /: Is a directory")]
    [InlineData("-bios /nonexistent", "run: cannot read firmware '/nonexistent': No such file or directory")]
    [InlineData("-bios none -kernel /", "run: cannot read kernel '/': Is a directory")]
    [InlineData("-serial file:/nonexistent/x", "-serial file:/nonexistent/x: No such file or directory")]
    [InlineData("-serial unix:/nonexistent/x", "-serial unix:/nonexistent/x: No such file or directory")]
    [InlineData("-serial unix:/nonexistent/x,server=on", "-serial unix:/nonexistent/x,server=on: No such file or directory")]
    [InlineData("-M virt,dumpdtb=/nonexistent/x", "-machine dumpdtb=/nonexistent/x: No such file or directory")]
    [InlineData("-qmp unix:/nonexistent/x,server=on,wait=off", "monitor: cannot listen on unix:/nonexistent/x: No such file or directory")]
    [InlineData("-drive file=/nonexistent,format=raw,if=none,id=d -device virtio-blk-device,drive=d", "-drive /nonexistent: No such file or directory")]
    [InlineData("-netdev stream,id=n,addr.type=unix,addr.path=/nonexistent -device virtio-net-device,netdev=n", "-netdev stream,id=n: No such file or directory")]
    public async Task Run_FileThatCannotBeHad_EndsWith1AndTheSystemsReason(string line, string expected)
    {
        using var host = new FakeHost();
        Assert.Equal(ExitCode.Failed, await host.RunAsync(["run", "-m", "8", "-nodefaults", .. line.Split(' ')]));
        Assert.Equal($"godwit: {expected}\n", host.ErrorText.ToString());
    }

    [Fact]
    public async Task Inspect_NoSuchFile_EndsWith1()
    {
        using var host = new FakeHost();
        Assert.Equal(ExitCode.Failed, await host.RunAsync("inspect", "/nonexistent/stream"));
        Assert.Equal("godwit: inspect: No such file or directory (/nonexistent/stream)\n", host.ErrorText.ToString());
    }

    [Fact]
    public async Task Inspect_DamagedStreamOnStandardInput_PrintsWhatCouldBeReadAndEndsWith1()
    {
        using var host = new FakeHost { Input = [.. "QEVM"u8, 0, 0, 0, 3, 7, 0, 0] };
        Assert.Equal(ExitCode.Failed, await host.RunAsync("inspect", "-"));
        Assert.Contains("header", host.OutText.ToString(), StringComparison.Ordinal);
        Assert.StartsWith("godwit: inspect: ", host.ErrorText.ToString(), StringComparison.Ordinal);
        Assert.Contains("at offset 0x", host.ErrorText.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nope", 1, "godwit: --section nope: there is no such section; there are configuration, timer (-)\n")]
    [InlineData("time", 1, "godwit: --section time: there is no such section; there are configuration, timer (-)\n")]
    [InlineData("timer", 0, "")]
    [InlineData("configuration", 0, "")]
    public async Task Inspect_Section_IsShownOrThoseThatExistAreNamed(string section, int status, string error)
    {
        byte[] stream = new StreamBuilder().U32(0x5145_564d).U32(3).U8(7).U32(4).Bytes("virt"u8)
            .U8(4).U32(0).CountedString("timer").U32(0).U32(2).U64(1).U64(2).U64(3).U8(0x7e).U32(0).U8(0).ToArray();
        foreach (string[] form in (string[][])[[], ["--json"]])
        {
            using var host = new FakeHost { Input = stream };
            Assert.Equal((status, error), (await host.RunAsync(["inspect", "-", "--section", section, .. form]), host.ErrorText.ToString()));
        }
    }

    [Fact]
    public async Task Inspect_SectionOfAnEmptyInput_SaysThatThereIsNone()
    {
        using var host = new FakeHost();
        Assert.Equal(ExitCode.Failed, await host.RunAsync("inspect", "-", "--section", "ram"));
        Assert.EndsWith("godwit: --section ram: no section could be read (-)\n", host.ErrorText.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--memory", "1G")]
    [InlineData("--dirty-rate", "64M")]
    public async Task Demo_LinuxGuestWithAnOptionOfTheOther_IsRefusedByName(string option, string value)
    {
        using var host = new FakeHost();
        Assert.Equal(ExitCode.WrongUsage, await host.RunAsync("demo", "--guest", "linux", option, value));
        Assert.Equal($"godwit: {option}: has no effect with --guest linux\n", host.ErrorText.ToString());
    }

    [Fact]
    public async Task Run_IncomingThatCannotBeOpened_EndsWith1()
    {
        using var host = new FakeHost();
        Assert.Equal(ExitCode.Failed, await host.RunAsync("run", "-m", "8", "-nodefaults", "-incoming", "file:/nonexistent/x"));
        Assert.StartsWith("godwit: -incoming file:/nonexistent/x: ", host.ErrorText.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_DriveThatNoDeviceUses_MustBeThereAllTheSame()
    {
        using var host = new FakeHost();
        Assert.Equal(ExitCode.Failed, await host.RunAsync("run", "-m", "8", "-nodefaults", "-guest", "staircase", "-drive", "file=/nonexistent/x,format=raw,if=none,id=d"));
        Assert.StartsWith("godwit: -drive /nonexistent/x: ", host.ErrorText.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_IncomingGarbage_EndsWith1AndTheReason()
    {
        string file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, "GET / HTTP/1.1");
        using var host = new FakeHost();
        Assert.Equal(ExitCode.Failed, await host.RunAsync("run", "-m", "8", "-nodefaults", "-incoming", $"file:{file}"));
        Assert.StartsWith("godwit: run: load of migration failed: Invalid argument", host.ErrorText.ToString(), StringComparison.Ordinal);
        File.Delete(file);
    }

    [Fact]
    public async Task Run_Interrupted_EndsWithStatus0AsAfterQuit()
    {
        using var host = new FakeHost();
        using var interrupt = new CancellationTokenSource(TimeSpan.FromMilliseconds(300));
        Assert.Equal(ExitCode.Done, await new GodwitCommandLine(host).RunAsync(["run", "-m", "8", "-nodefaults", "-guest", "staircase"], interrupt.Token));
    }

    [Theory]
    [InlineData("unix")]
    [InlineData("tcp")]
    public async Task Demo_SmallGuest_PassesAndReportsEachHop(string transport)
    {
        using var host = new FakeHost();
        int status = await host.RunAsync("demo", "--memory", "16M", "--dirty-rate", "16M", "--hops", "2", "--transport", transport, "--json");
        Assert.Equal((ExitCode.Done, ""), (status, status == 0 ? "" : host.ErrorText.ToString()));
        using JsonDocument report = JsonDocument.Parse(host.OutText.ToString());
        Assert.True(report.RootElement.GetProperty("success").GetBoolean());
        Assert.Equal(2, report.RootElement.GetProperty("hops").GetArrayLength());
        Assert.True(report.RootElement.GetProperty("memory").GetProperty("sound").GetBoolean());
        foreach (JsonElement hop in report.RootElement.GetProperty("hops").EnumerateArray())
        {
            foreach (string number in new[] { "total_ms", "downtime_ms", "iterations", "transferred_bytes", "throughput_mbps" })
                Assert.Equal(JsonValueKind.Number, hop.GetProperty(number).ValueKind);
        }
    }
}
