using Godwit.Snapshot;
using Godwit.Testing;

namespace Godwit.Interop.Tests;

/// <summary>A guest that only passes through Godwit leaves it as QEMU sent it, byte for byte.</summary>
[Collection("linux")]
public sealed class EqualityTests
{
    [Theory]
    [InlineData("10.0", 1, false)]
    [InlineData("10.0", 2, true)]
    [InlineData("11.1", 1, true)]
    [InlineData("11.1", 2, false)]
    public void PassingThrough_WithoutRunning_ChangesNoByte(string host, int harts, bool isModern)
    {
        using TemporaryDirectory directory = new();
        string disk = directory.File("disk");
        using (FileStream file = File.Create(disk))
            file.SetLength(8 << 20);
        var options = new LinuxVmOptions { Harts = harts, Disk = disk, HasAllDevices = true, IsModern = isModern, More = BalloonTests.Device(4) };
        string before = directory.File("before");
        string after = directory.File("after");

        using (LinuxVm qemu = LinuxVm.Start(host, options with { Mode = "load" }))
        {
            qemu.WaitForConsole("work on the disk", text => text.Contains("guest: disk 10 ok", StringComparison.Ordinal));
            qemu.Qmp.Execute("stop");
            qemu.Qmp.Execute("migrate", new { uri = "exec:cat > " + before });
            qemu.Qmp.WaitForMigrationEnd();
        }

        using (LinuxVm godwit = LinuxVm.Start(LinuxVm.Godwit, options, "-incoming", "exec:cat " + before))
        {
            godwit.Qmp.WaitFor("the load", q => q.RunState == "paused");
            godwit.Qmp.Execute("migrate", new { uri = "exec:cat > " + after });
            godwit.Qmp.WaitForMigrationEnd();
        }

        Compare(before, after);
    }

    private static void Compare(string before, string after)
    {
        (List<(string Name, byte[] Bytes)> sections, RamImage ram) = Read(before);
        (List<(string Name, byte[] Bytes)> otherSections, RamImage otherRam) = Read(after);
        Assert.Equal(sections.Select(s => s.Name), otherSections.Select(s => s.Name));
        List<string> differences = [];
        for (int i = 0; i < sections.Count; i++)
        {
            (string name, byte[] bytes) = sections[i];
            byte[] other = otherSections[i].Bytes;
            if (!bytes.AsSpan().SequenceEqual(other))
            {
                int at = bytes.AsSpan().CommonPrefixLength(other);
                differences.Add(
                    $"{name} of {bytes.Length}/{other.Length} bytes at {at}: {Convert.ToHexStringLower(bytes.AsSpan(at)[..Math.Min(16, bytes.Length - at)])} became "
                    + Convert.ToHexStringLower(other.AsSpan(at)[..Math.Min(16, other.Length - at)]));
            }
        }

        Assert.True(differences.Count == 0, string.Join('\n', differences));
        Assert.Equal(ram.Blocks.Keys, otherRam.Blocks.Keys);
        foreach ((string name, byte[] content) in ram.Blocks)
            Assert.True(content.AsSpan().SequenceEqual(otherRam.Blocks[name]), $"{name} differs at 0x{content.AsSpan().CommonPrefixLength(otherRam.Blocks[name]):x}");
    }

    /// <summary>Everything that is not RAM, as it lies in the file, and the RAM as it adds up.</summary>
    private static (List<(string Name, byte[] Bytes)> Sections, RamImage Ram) Read(string path)
    {
        byte[] file = File.ReadAllBytes(path);
        InspectReport report = StreamInspector.Inspect(new MemoryStream(file));
        Assert.True(report.IsComplete, string.Join('\n', report.Errors));
        List<(string Name, byte[] Bytes)> sections = [];
        RamImage ram = new();
        foreach (StreamItem item in report.Items)
        {
            Span<byte> bytes = file.AsSpan((int)item.Offset, (int)item.Length);
            if (item.IdString == "ram")
            {
                // Type, number, and in a START the name, instance and version come first; the footer last.
                int header = item.Kind == StreamItemKind.Start ? 1 + 4 + 4 + 4 + 4 : 1 + 4;
                ram.Add(bytes[header..^5]);
            }
            else
            {
                sections.Add(($"{item.Kind} {item.IdString} {item.InstanceId}", bytes.ToArray()));
            }
        }

        return (sections, ram);
    }
}
