using Godwit.Machine;
using Godwit.Snapshot;
using Godwit.Testing;

namespace Godwit.Interop.Tests;

/// <summary>Streams of every kind that RAM can take: files at fixed offsets, multifd, differences, snapshots, postcopy.</summary>
public sealed class InspectTransportTests : IDisposable
{
    private const string X86 = "qemu-system-x86_64";
    private const string RiscV = "qemu-system-riscv64";

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(10, 0, false)]
    [InlineData(11, 0, false)]
    [InlineData(10, 0x3000, false)]
    [InlineData(10, 0, true)]
    public void Inspect_MappedRam_ReadsBitmaps(int major, long offset, bool multiFd)
    {
        using Capture capture = new(Peer(major), RiscV, "-S", "-M", "virt", "-m", "32", "-bios", "none");
        capture.Qmp.EnableCapabilities(multiFd ? ["mapped-ram", "multifd"] : ["mapped-ram"]);
        capture.Migrate($"file:{capture.Path},offset={offset}");
        InspectReport report = ReportChecks.InspectWhole(capture.Path, new InspectOptions { StartOffset = offset, ListPages = true });
        Assert.Equal(InspectFormat.MappedRam, report.Format);
        Assert.Equal(["mapped-ram"], report.Capabilities);
        RamBlockInfo board = report.RamBlocks[0];
        Assert.Equal("riscv_virt_board.ram", board.Name);
        Assert.Equal(0x100000, board.PagesOffset);
        Assert.Equal(8192, board.Pages!.Value.Normal + board.Pages.Value.Zero);
        Assert.True(report.Pages.Normal > 0);
        Assert.Equal(report.Pages.Normal, report.Items.SelectMany(item => item.PageRuns ?? []).Sum(run => run.Count));
    }

    [Theory]
    [InlineData("none")]
    [InlineData("zlib")]
    public void Inspect_MultiFd_ReadsMainAndChannels(string compression)
    {
        using var recorder = new ChannelRecorder();
        using Capture capture = new(QemuPeer.Qemu10_0, RiscV, "-S", "-M", "virt", "-m", "32", "-bios", "none");
        capture.Qmp.EnableCapabilities("multifd");
        capture.Qmp.Execute("migrate-set-parameters", Parameters(("multifd-channels", 2), ("multifd-compression", compression)));
        capture.Migrate(recorder.Uri);
        IReadOnlyList<byte[]> channels = recorder.Finish();
        Assert.Equal(3, channels.Count);
        long pages = 0;
        foreach (byte[] bytes in channels)
        {
            string path = capture.File("channel");
            File.WriteAllBytes(path, bytes);
            InspectReport report = ReportChecks.InspectWhole(path);
            pages += report.Pages.Normal + report.Pages.Zero;
            Assert.Equal(bytes[0] == (byte)'Q' ? InspectFormat.Stream : InspectFormat.MultiFdChannel, report.Format);
        }

        Assert.Equal(Pages(channels), pages);
    }

    [Fact]
    public void Inspect_Xbzrle_CountsDifferences()
    {
        using Capture capture = StartStaircase();
        WaitForFirstRound(capture);
        capture.Qmp.EnableCapabilities("xbzrle");
        capture.Qmp.Execute("migrate-set-parameters", Parameters(("xbzrle-cache-size", 64 << 20), ("max-bandwidth", 20_000_000), ("downtime-limit", 1)));
        capture.Qmp.Execute("migrate", new { uri = "exec:cat > " + capture.Path });
        capture.Qmp.WaitFor("pages sent as differences", link =>
            link.Execute("query-migrate").TryGetProperty("xbzrle-cache", out var cache) && cache.GetProperty("pages").GetInt64() > 500);
        capture.Qmp.Execute("stop");
        capture.Qmp.WaitForMigrationEnd();
        InspectReport report = ReportChecks.InspectWhole(capture.Path);
        Assert.True(report.Pages.Xbzrle > 500);
        Assert.Contains(report.Items, item => item.Kind == StreamItemKind.Part && item.Pages!.Value.Xbzrle > 0);
    }

    [Fact]
    public void Inspect_BackgroundSnapshot_HasNoEndOfRam()
    {
        using Capture capture = StartStaircase();
        capture.Qmp.EnableCapabilities("background-snapshot");
        capture.Migrate("exec:cat > " + capture.Path);
        InspectReport report = ReportChecks.InspectWhole(capture.Path);
        Assert.DoesNotContain(report.Items, item => item.Kind == StreamItemKind.End);
        Assert.Contains(report.Items, item => item.IdString is "globalstate");
    }

    [Fact]
    public void Inspect_DirtyBitmaps_ReadsTheirRecords()
    {
        using Capture capture = new(QemuPeer.Qemu10_0, X86, "-S", "-M", "pc", "-m", "16", "-blockdev", "null-co,node-name=n0,size=1048576", "-device", "virtio-blk-pci,drive=n0");
        capture.Qmp.Execute("block-dirty-bitmap-add", new { node = "n0", name = "b0" });
        capture.Qmp.EnableCapabilities("dirty-bitmaps");
        capture.Save();
        InspectReport report = ReportChecks.InspectWhole(capture.Path);
        StreamItem start = report.Items.First(item => item.IdString is "dirty-bitmap");
        Assert.Equal(["n0", "b0"], start.Body!.Fields.Where(field => field.Texts is not null).SelectMany(field => field.Texts!).Take(2));
    }

    [Theory]
    [InlineData(10)]
    [InlineData(11)]
    public void Inspect_Postcopy_ReadsPackageAndReturnPath(int major)
    {
        using VmProcess target = VmProcess.StartQemu(Peer(major), RiscV, StaircaseArguments("-incoming", "defer"));
        using Capture capture = StartStaircase(major);
        string socket = capture.File("in");
        foreach (QmpLink qmp in new[] { capture.Qmp, target.Qmp })
            qmp.EnableCapabilities("postcopy-ram", "return-path");
        target.Qmp.Execute("migrate-incoming", new { uri = "unix:" + socket });
        using var recorder = new ChannelRecorder(socket);
        capture.Qmp.Execute("migrate-set-parameters", Parameters(("max-bandwidth", 1_000_000), ("downtime-limit", 1)));
        WaitForFirstRound(capture);
        capture.Qmp.Execute("migrate", new { uri = recorder.Uri });
        // So slow that the first pass is still under way when the rest is left to postcopy.
        capture.Qmp.WaitFor("the first pass", link => link.MigrationStatus == "active");
        capture.Qmp.Execute("migrate-start-postcopy");
        capture.Qmp.WaitForMigrationEnd();
        byte[] main = Assert.Single(recorder.Finish());
        InspectReport report = InspectBytes(capture, main);
        StreamItem package = Assert.Single(report.Items, item => item.Command is "PACKAGED");
        Assert.Contains(package.Items!, item => item.IdString is "globalstate");
        Assert.Equal("POSTCOPY_RUN", package.Items![^1].Command);
        Assert.Equal(StreamItemKind.Eof, report.Items[^1].Kind);

        InspectReport answers = InspectBytes(capture, Assert.Single(recorder.Answers));
        Assert.Equal(InspectFormat.ReturnPath, answers.Format);
        Assert.Equal("PONG", answers.Items[0].Command);
        Assert.Equal("SHUT", answers.Items[^1].Command);
        Assert.Equal(major == 11, answers.Items.Any(item => item.Payload.Span.SequenceEqual((byte[])[0, 0, 0, 0x42])));
    }

    private static InspectReport InspectBytes(Capture capture, byte[] bytes)
    {
        using var stream = new MemoryStream(bytes);
        InspectReport report = StreamInspector.Inspect(stream);
        Assert.Empty(report.Errors);
        Assert.True(report.IsComplete);
        ReportChecks.CheckCovers(report.Items, 0, bytes.Length);
        return report;
    }

    private Capture StartStaircase(int major = 10)
    {
        return new Capture(Peer(major), RiscV, StaircaseArguments());
    }

    /// <summary>Every page of the working set has content when the guest has printed its first line.</summary>
    private static void WaitForFirstRound(Capture capture) =>
        capture.Qmp.WaitFor("the guest's first round", link => link.Human("xp /1xg 0x81fff000") is var line && !line.Contains("0x0000000000000000", StringComparison.Ordinal));

    private string[] StaircaseArguments(params string[] more)
    {
        string image = _directory.File("staircase.bin");
        if (!File.Exists(image))
        {
            StaircaseGuest guest = StaircaseGuest.Build(new StaircaseOptions { RamBytes = 32 << 20, PagesPerSecond = 50_000 });
            File.WriteAllBytes(image, [.. guest.Image]);
        }

        return ["-nodefaults", "-M", "virt", "-m", "32", "-bios", image, "-serial", "null", .. more];
    }

    private static Dictionary<string, object> Parameters(params (string Name, object Value)[] values) =>
        values.ToDictionary(pair => pair.Name, pair => pair.Value, StringComparer.Ordinal);

    private static long Pages(IReadOnlyList<byte[]> channels)
    {
        byte[] main = channels.Single(bytes => bytes[0] == (byte)'Q');
        InspectReport report = StreamInspector.Inspect(new MemoryStream(main));
        return report.RamBlocks.Sum(block => (long)block.UsedLengthBytes / report.PageSizeBytes);
    }

    private static QemuPeer Peer(int major) => major == 10 ? QemuPeer.Qemu10_0 : QemuPeer.Qemu11_1;
}
