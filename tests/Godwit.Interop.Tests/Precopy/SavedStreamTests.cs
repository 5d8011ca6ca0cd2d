using System.Diagnostics;
using System.Text.Json;
using Godwit.Machine;
using Godwit.Migration;
using Godwit.Snapshot;
using Godwit.Testing;
using Godwit.Vmm;
using Godwit.VmState;
using Godwit.Wire;

namespace Godwit.Interop.Tests;

/// <summary>Godwit's own streams of the staircase machine, read to the last byte and laid beside those of real peers.</summary>
public sealed class SavedStreamTests : IDisposable
{
    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(60);

    private readonly TemporaryDirectory _directory = new();

    public static TheoryData<int, string> Ways => new() { { 10, "file:" }, { 10, "exec:cat > " }, { 11, "file:" }, { 11, "exec:cat > " } };

    /// <summary>Every section's bytes agree with the description at the end, and sections and fields are those of the peer.</summary>
    [Theory]
    [MemberData(nameof(Ways))]
    public void Save_RunningStaircase_IsThePeersStreamToTheLastByte(int major, string way)
    {
        string path = _directory.File("stream");
        Save(major == 10 ? PeerProfile.Qemu10_0 : PeerProfile.Qemu11_1, way + path);
        InspectReport report = ReportChecks.InspectWhole(path);
        Assert.Equal("virt", report.Machine);
        Assert.All(report.Items.Where(item => item.Kind == StreamItemKind.Full), item => Assert.NotNull(item.Body));

        using Capture peer = new Capture(
            major == 10 ? QemuPeer.Qemu10_0 : QemuPeer.Qemu11_1,
            "qemu-system-riscv64",
            [.. LinuxGuest.Machine(memory: "16"), "-S", "-bios", "none", "-serial", "null"]).Save();
        InspectReport expected = ReportChecks.InspectWhole(peer.Path);
        Assert.Equal(expected.RamBlocks.Select(block => $"{block.Name} {block.UsedLengthBytes}"), report.RamBlocks.Select(block => $"{block.Name} {block.UsedLengthBytes}"));
        Assert.Equal(Sections(expected), Sections(report));
    }

    /// <summary>The two commands that a user would type.</summary>
    [Fact]
    public void Inspect_FileOfAProcess_PrintsItemsWithoutGap()
    {
        string path = _directory.File("stream");
        using (StaircaseVm vm = StaircaseVm.StartGuest("rate=20000,pages=512"))
        {
            vm.WaitForMoreRounds(1);
            vm.Qmp.Execute("migrate", new { uri = $"file:{path}" });
            vm.WaitForMigration("completed");
        }

        using JsonDocument report = JsonDocument.Parse(Inspect(path));
        JsonElement root = report.RootElement;
        Assert.True(root.GetProperty("complete").GetBoolean());
        Assert.Equal(0, root.GetProperty("errors").GetArrayLength());
        Assert.Equal("stream", root.GetProperty("format").GetString());
        long at = 0;
        foreach (JsonElement item in root.GetProperty("items").EnumerateArray())
        {
            Assert.Equal(at, item.GetProperty("offset").GetInt64());
            at += item.GetProperty("length").GetInt64();
        }

        Assert.Equal(new FileInfo(path).Length, at);
        Assert.Equal(at, root.GetProperty("bytes").GetInt64());
    }

    public void Dispose() => _directory.Dispose();

    private static void Save(PeerProfile profile, string uri)
    {
        const ulong RamBytes = 16 << 20;
        using var machine = new VirtualMachine(new VmOptions
        {
            RamBytes = RamBytes,
            Profile = profile,
            Staircase = new StaircaseOptions { RamBytes = RamBytes, WorkingSetPages = 512, PagesPerSecond = 20_000 },
        });
        machine.Start();
        machine.Outgoing.Start(MigrationAddress.ParseUri(uri));
        Assert.True(machine.Outgoing.WaitForEnd(_deadline));
        Assert.Null(machine.Outgoing.ErrorDescription);
        Assert.Equal(MigrationStatus.Completed, machine.Outgoing.Status);
    }

    private static string Inspect(string path)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, UseShellExecute = false };
        foreach (string argument in new[] { Repository.GodwitAssembly, "inspect", "--json", path })
            start.ArgumentList.Add(argument);
        using Process process = Process.Start(start)!;
        string text = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
        return text;
    }

    /// <summary>Order, names, versions and layout of all sections but RAM, a line each.</summary>
    private static IEnumerable<string> Sections(InspectReport report) => report.Items
        .Where(item => item.Kind == StreamItemKind.Full)
        .SelectMany(item => Lines(item.Body!, "").Prepend($"{item.IdString} {item.InstanceId} v{item.VersionId}"));

    private static IEnumerable<string> Lines(StreamBody body, string indent)
    {
        foreach (StreamField field in body.Fields)
        {
            yield return $"{indent}{field.Name} {field.Type} {field.Size} x{field.ArrayLength}";
            foreach (string line in (field.Bodies ?? []).SelectMany(inner => Lines(inner, indent + "  ")))
                yield return line;
        }

        foreach (string line in body.Subsections.SelectMany(inner => Lines(inner, indent + "  ").Prepend($"{indent}+ {inner.Name} v{inner.Version}")))
            yield return line;
    }
}
