using System.Diagnostics;
using System.Text.Json;
using Godwit.Testing;

namespace Godwit.Interop.Tests;

/// <summary>A host without room: the guest stops with its request, and goes on when there is room again.</summary>
[Collection("linux")]
public sealed class FullDiskTests
{
    [Theory]
    [InlineData("10.0")]
    [InlineData(LinuxVm.Godwit)]
    public void Run_HostWithoutRoom_StopsTheGuestUntilThereIsSome(string host)
    {
        using TemporaryDirectory directory = new();
        Directory.CreateDirectory(directory.File("small"));
        Run("mount", "-t", "tmpfs", "-o", "size=1m", "godwit-test", directory.File("small"));
        try
        {
            string disk = directory.File("small/disk");
            using (FileStream file = File.Create(disk))
                file.SetLength(8 << 20);
            File.WriteAllBytes(directory.File("small/ballast"), new byte[900 << 10]);
            using LinuxVm vm = LinuxVm.Start(host, new LinuxVmOptions { Mode = "disk", Disk = disk });

            vm.Qmp.WaitFor("io-error", link => link.RunState == "io-error", TimeSpan.FromSeconds(120));
            string[] events = [.. vm.Qmp.Events.Select(e => e.GetProperty("event").GetString()!).Where(name => name is "BLOCK_IO_ERROR" or "STOP")];
            Assert.Equal("BLOCK_IO_ERROR", events[0]);
            Assert.Equal("STOP", events[^1]);
            JsonElement data = vm.Qmp.Events.First(e => e.GetProperty("event").GetString() == "BLOCK_IO_ERROR").GetProperty("data");
            Assert.Equal("d0", data.GetProperty("device").GetString());
            Assert.True(data.GetProperty("nospace").GetBoolean());
            Assert.Equal("No space left on device", data.GetProperty("reason").GetString());
            Assert.Equal("write", data.GetProperty("operation").GetString());
            Assert.Equal("stop", data.GetProperty("action").GetString());

            File.Delete(directory.File("small/ballast"));
            Run("mount", "-o", "remount,size=32m", directory.File("small"));
            vm.Qmp.Execute("cont");
            Assert.Equal(0, vm.Process.WaitForExit(TimeSpan.FromSeconds(120)));
            Assert.DoesNotContain("I/O error", vm.Console, StringComparison.Ordinal);
            Assert.Matches("guest: disk written ([0-9a-f]{32}) read \\1", vm.Console);
        }
        finally
        {
            Run("umount", "--lazy", directory.File("small"));
        }
    }

    private static void Run(string program, params string[] arguments)
    {
        using Process process = Process.Start(program, arguments);
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{program} ended with status {process.ExitCode}");
    }
}
