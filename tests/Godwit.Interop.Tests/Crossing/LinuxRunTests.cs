using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.RegularExpressions;
using Godwit.Testing;

namespace Godwit.Interop.Tests;

/// <summary>Linux started by <c>godwit run</c>: it works with its disk and its network and ends the process when it powers off.</summary>
[Collection("linux")]
public sealed class LinuxRunTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public void Run_ToPowerOff_ReadsAndWritesItsDisk(int harts)
    {
        using TemporaryDirectory directory = new();
        string disk = directory.File("disk");
        byte[] content = new byte[8 << 20];
        new Random(harts).NextBytes(content);
        File.WriteAllBytes(disk, content);

        using LinuxVm vm = LinuxVm.Start(LinuxVm.Godwit, new LinuxVmOptions { Harts = harts, Mode = "disk", Disk = disk });

        Assert.Equal(0, vm.Process.WaitForExit(TimeSpan.FromSeconds(180)));
        string console = vm.Console;
        Assert.Contains($"guest: ready harts={harts} ", console, StringComparison.Ordinal);
        Assert.Contains($"guest: disk size {content.Length / 512} sum {Sum(content, 0)}", console, StringComparison.Ordinal);
        Match written = Regex.Match(console, "guest: disk written ([0-9a-f]{32}) read ([0-9a-f]{32})");
        Assert.True(written.Success, console);
        Assert.Equal(written.Groups[1].Value, written.Groups[2].Value);
        Assert.Equal(written.Groups[1].Value, Sum(File.ReadAllBytes(disk), 1 << 20));
    }

    [Theory]
    [InlineData("stream")]
    [InlineData("dgram")]
    public void Run_TwoGuestsOnACable_PingEachOther(string kind)
    {
        using TemporaryDirectory directory = new();
        string left = directory.File("left");
        string right = directory.File("right");
        string[] cables = kind == "stream"
            ? [$"stream,id=n0,server=on,addr.type=unix,addr.path={left}", $"stream,id=n0,addr.type=unix,addr.path={left}"]
            : [$"dgram,id=n0,local.type=unix,local.path={left},remote.type=unix,remote.path={right}",
               $"dgram,id=n0,local.type=unix,local.path={right},remote.type=unix,remote.path={left}"];
        using LinuxVm listening = StartWithNet(cables[0], "tick", "gw.address=10.0.0.1", "52:54:00:00:00:01");
        listening.WaitForConsole("its start", text => text.Contains("guest: tick 1 ", StringComparison.Ordinal));
        using LinuxVm asking = StartWithNet(cables[1], "ping", "gw.address=10.0.0.2 gw.peer=10.0.0.1", "52:54:00:00:00:02");

        asking.WaitForConsole("the answers", text => text.Contains("guest: ping 5 packets received", StringComparison.Ordinal));
    }

    [PrivilegedFact("/dev/net/tun")]
    public void Run_OnATapOfTheHost_PingsTheHost()
    {
        string name = $"gwi{Environment.ProcessId % 100_000}";
        using LinuxVm vm = StartWithNet($"tap,id=n0,ifname={name},script=no,downscript=no", "ping", "gw.address=10.213.78.2 gw.peer=10.213.78.1", "52:54:00:00:00:03");
        vm.Qmp.WaitFor("its interface", _ => Directory.Exists($"/sys/class/net/{name}"));
        Ip("addr", "add", "10.213.78.1/24", "dev", name);
        Ip("link", "set", name, "up");
        vm.WaitForConsole("the answers", text => text.Contains("guest: ping 5 packets received", StringComparison.Ordinal));

        static void Ip(params string[] arguments)
        {
            using Process process = Process.Start("ip", arguments);
            process.WaitForExit();
            Assert.Equal(0, process.ExitCode);
        }
    }

    [Fact]
    public async Task Demo_Linux_GoesFromQemuAndBack()
    {
        // Making the guest is what the demonstration asks its user to do first.
        Assert.True(File.Exists(LinuxGuest.Image.Initrd));
        ProcessStartInfo start = new("dotnet") { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (string argument in new[] { Repository.GodwitAssembly, "demo", "--guest", "linux", "--json" })
            start.ArgumentList.Add(argument);
        using Process demo = Process.Start(start)!;
        Task<string> error = demo.StandardError.ReadToEndAsync();
        using JsonDocument report = JsonDocument.Parse(await demo.StandardOutput.ReadToEndAsync());
        await demo.WaitForExitAsync();

        Assert.True(demo.ExitCode == 0, await error);
        Assert.True(report.RootElement.GetProperty("success").GetBoolean());
        Assert.Equal(2, report.RootElement.GetProperty("hops").GetArrayLength());
    }

    private static LinuxVm StartWithNet(string cable, string mode, string commandLine, string mac) => LinuxVm.Start(
        LinuxVm.Godwit,
        new LinuxVmOptions { Mode = mode, CommandLine = commandLine },
        "-netdev", cable, "-device", $"virtio-net-device,netdev=n0,mac={mac},bus=virtio-mmio-bus.1");

    /// <summary>The sum that the guest prints: of 1 MiB.</summary>
    [SuppressMessage("Security", "CA5351:Do not use broken cryptographic algorithms", Justification = "It is what the guest's md5sum prints.")]
    private static string Sum(byte[] disk, int offset) => Convert.ToHexStringLower(MD5.HashData(disk.AsSpan(offset, 1 << 20)));
}
