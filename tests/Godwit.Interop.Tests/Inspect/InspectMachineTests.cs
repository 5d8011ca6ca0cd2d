using Godwit.Snapshot;
using Godwit.Testing;

namespace Godwit.Interop.Tests;

/// <summary>Whole streams of real machines, by the description at their end.</summary>
public sealed class InspectMachineTests
{
    private const string X86 = "qemu-system-x86_64";
    private const string RiscV = "qemu-system-riscv64";

    public static TheoryData<int> Majors => [10, 11];

    [Theory]
    [MemberData(nameof(Majors))]
    public void Inspect_MicroVm_ReadsEveryByte(int major)
    {
        using Capture capture = new Capture(Peer(major), X86, "-M", "microvm", "-m", "16", "-S").Save();
        InspectReport report = ReportChecks.InspectWhole(capture.Path);
        Assert.Equal(InspectFormat.Stream, report.Format);
        Assert.Equal("microvm", report.Machine);
        Assert.Contains(report.RamBlocks, block => block is { Name: "microvm.ram", UsedLengthBytes: 16 << 20 });
        Assert.Equal(PagesOf(report), report.Pages.Normal + report.Pages.Zero);
    }

    [Theory]
    [MemberData(nameof(Majors))]
    public void Inspect_Pc_ReadsEveryByte(int major)
    {
        using Capture capture = new Capture(Peer(major), X86, "-M", "pc", "-m", "16", "-S").Save();
        InspectReport report = ReportChecks.InspectWhole(capture.Path);
        Assert.StartsWith("pc-i440fx-", report.Machine, StringComparison.Ordinal);

        // 256 elements without a run-length entry, each with its own object.
        StreamItem powerManagement = Assert.Single(report.Items, item => item.IdString!?.EndsWith("/piix4_pm", StringComparison.Ordinal) == true);
        Assert.NotNull(powerManagement.Body);
    }

    [Theory]
    [MemberData(nameof(Majors))]
    public void Inspect_Q35WithManyDevices_ReadsEveryByte(int major)
    {
        using Capture capture = new Capture(
            Peer(major),
            X86,
            "-S", "-M", "q35", "-m", "32M,maxmem=1G,slots=2", "-smp", "2",
            "-device", "virtio-net-pci", "-device", "virtio-scsi-pci,id=s0", "-device", "qemu-xhci,id=x", "-device", "usb-tablet,bus=x.0",
            "-device", "usb-ehci,id=e", "-device", "usb-kbd,bus=e.0", "-device", "e1000", "-device", "VGA", "-device", "virtio-rng-pci",
            "-device", "pcie-root-port,id=rp0,chassis=1", "-device", "virtio-balloon-pci,bus=rp0", "-device", "virtio-serial-pci",
            "-blockdev", "null-co,node-name=n0", "-device", "virtio-blk-pci,drive=n0",
            "-blockdev", "null-co,node-name=n1", "-device", "ide-hd,drive=n1",
            "-blockdev", "null-co,node-name=n2", "-device", "scsi-hd,bus=s0.0,drive=n2",
            "-device", "ipmi-bmc-sim,id=bmc0", "-device", "isa-ipmi-kcs,bmc=bmc0",
            "-object", "memory-backend-ram,id=vmem0,size=128M", "-device", "virtio-mem-pci,id=vm0,memdev=vmem0,requested-size=0",
            "-device", "virtio-iommu-pci", "-device", "isa-debug-exit", "-device", "intel-hda", "-device", "hda-duplex,audiodev=a0",
            "-audiodev", "none,id=a0").Save();
        InspectReport report = ReportChecks.InspectWhole(capture.Path);
        Assert.Contains(report.Items, item => item.Kind == StreamItemKind.Full && item.IdString!.Contains("virtio-net", StringComparison.Ordinal));

        // virtio-mem's early state goes before any page: 11 writes it before the START sections, 10 walks one list for both.
        List<StreamItem> items = [.. report.Items];
        int early = items.FindIndex(item => item.IdString!?.EndsWith("virtio-mem-device-early", StringComparison.Ordinal) == true);
        int start = items.FindIndex(item => item.Kind == StreamItemKind.Start);
        int firstPart = items.FindIndex(item => item.Kind == StreamItemKind.Part);
        Assert.InRange(early, 2, firstPart - 1);
        Assert.Equal(major == 11, early < start);
    }

    [Fact]
    public void Inspect_Nvme_ReadsAutoAllocatedQueues()
    {
        // Migratable since 11; its queues are an array of pointers with a presence byte each.
        using Capture capture = new Capture(
            QemuPeer.Qemu11_1, X86, "-S", "-M", "q35", "-m", "16", "-blockdev", "null-co,node-name=n0", "-device", "nvme,drive=n0,serial=1").Save();
        InspectReport report = ReportChecks.InspectWhole(capture.Path);
        StreamItem nvme = Assert.Single(report.Items, item => item.IdString!?.EndsWith("/nvme", StringComparison.Ordinal) == true);
        Assert.Contains(nvme.Body!.Fields, field => field.Type is "ptr-marker" && field.GetNumber(0) == 0x30);
    }

    [Theory]
    [MemberData(nameof(Majors))]
    public void Inspect_VirtWithDevices_ReadsEveryByte(int major)
    {
        using Capture capture = new Capture(
            Peer(major),
            RiscV,
            "-S", "-M", "virt", "-m", "32", "-smp", "2", "-bios", "none", "-device", "virtio-net-device", "-device", "virtio-rng-device",
            "-blockdev", "null-co,node-name=n0", "-device", "virtio-blk-device,drive=n0", "-device", "virtio-net-pci").Save();
        InspectReport report = ReportChecks.InspectWhole(capture.Path);
        Assert.Equal("virt", report.Machine);

        // The order of registration, two harts.
        string[] expected = ["timer 0", "cpu_common 0", "cpu 0", "cpu_common 1", "cpu 1"];
        Assert.Equal(expected, report.Items.Where(item => item.Kind == StreamItemKind.Full).Take(5).Select(item => $"{item.IdString} {item.InstanceId}"));
        StreamItem cpu = report.Items.First(item => item.IdString is "cpu");
        Assert.Equal(major == 10 ? 10u : 12u, cpu.VersionId);
        StreamField pc = Assert.Single(cpu.Body!.Fields, field => field.Name is "env.pc");
        Assert.Equal(0x1000, pc.GetNumber(0));
    }

    [Theory]
    [MemberData(nameof(Majors))]
    public void Inspect_UuidAndIgnoreShared_ReadsConfiguration(int major)
    {
        using Capture capture = new(
            Peer(major),
            RiscV,
            "-S", "-M", "virt,memory-backend=mem0", "-m", "32", "-bios", "none", "-uuid", "01234567-89ab-cdef-0123-456789abcdef",
            "-object", "memory-backend-memfd,id=mem0,size=32M,share=on");
        capture.Qmp.EnableCapabilities("x-ignore-shared", "validate-uuid");
        capture.Save();
        InspectReport report = ReportChecks.InspectWhole(capture.Path);
        Assert.Equal(Guid.Parse("01234567-89ab-cdef-0123-456789abcdef"), report.Uuid);
        Assert.Equal(["x-ignore-shared"], report.Capabilities);
        RamBlockInfo shared = Assert.Single(report.RamBlocks, block => block.Name is "mem0");
        Assert.Equal(0x80000000u, shared.GuestAddress);
    }

    [Fact]
    public void Inspect_Pipe_GivesTheSameReportAsTheFile()
    {
        using Capture capture = new Capture(QemuPeer.Qemu10_0, RiscV, "-S", "-M", "virt", "-m", "32", "-bios", "none").Save();
        byte[] bytes = File.ReadAllBytes(capture.Path);
        using var pipe = new ForwardOnlyStream(bytes);
        Assert.Equal(Json(StreamInspector.Inspect(new MemoryStream(bytes))), Json(StreamInspector.Inspect(pipe)));
    }

    [Fact]
    public void Inspect_CaptureCutAnywhere_SaysWhere()
    {
        using Capture capture = new Capture(QemuPeer.Qemu10_0, X86, "-S", "-M", "microvm", "-m", "2").Save();
        byte[] bytes = File.ReadAllBytes(capture.Path);
        var random = new Random(1);
        for (int i = 0; i < 200; i++)
        {
            int length = random.Next(1, bytes.Length);
            InspectReport report = StreamInspector.Inspect(new MemoryStream(bytes, 0, length));
            if (bytes[length - 1] == (byte)0 && report.IsComplete)
                Assert.Equal(StreamItemKind.Eof, report.Items[^1].Kind);
            else
                Assert.InRange(Assert.Single(report.Errors).Offset, 0, length);
        }
    }

    private static QemuPeer Peer(int major) => major == 10 ? QemuPeer.Qemu10_0 : QemuPeer.Qemu11_1;

    private static long PagesOf(InspectReport report) => report.RamBlocks.Sum(block => (long)(block.UsedLengthBytes / (ulong)report.PageSizeBytes));

    private static byte[] Json(InspectReport report)
    {
        using var text = new MemoryStream();
        report.WriteJson(text);
        return text.ToArray();
    }
}
