using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using Godwit.VmState;
using Godwit.VmState.Tests;
using Godwit.Wire;

namespace Godwit.Snapshot.Tests;

/// <summary>Streams built by hand, whole and damaged.</summary>
public sealed class StreamInspectorTests
{
    [Fact]
    public void Inspect_WholeStream_DecodesEverything()
    {
        byte[] bytes = SampleStream.Whole();
        InspectReport report = Inspect(bytes);
        Assert.Empty(report.Errors);
        Assert.True(report.IsComplete);
        Assert.Equal(("virt", bytes.Length, 4096), (report.Machine, report.Bytes, report.PageSizeBytes));
        Assert.Equal(new PageCounts(1, 2, 1, 0), report.Pages);
        Assert.Equal(
            ["Header", "Configuration", "Start", "Part", "Command", "End", "Full", "Eof", "VmDescription"],
            report.Items.Select(item => item.Kind.ToString()));
        StreamBody timer = report.Items[6].Body!;
        Assert.Equal(-2, timer.Fields[0].GetNumber(0));
        Assert.Equal((1, 2), (timer.Fields[1].GetNumber(0), timer.Fields[1].GetNumber(1)));
    }

    [Fact]
    public void Inspect_PageRuns_JoinNeighbours()
    {
        byte[] bytes = new SampleStream().Header().Configuration("virt").RamStart(("ram0", 8 * 4096))
            .Begin(SectionType.Part, 1)
            .Record(0x1000, 2, "ram0").Bytes([0]).Record(0x2000, 0x22).Bytes([0]).Record(0x3000, 0x22).Bytes([0]).Record(0x5000, 0x22).Bytes([0])
            .Record(0, 0x10).Footer(1).Devices().ToArray();
        InspectReport report = StreamInspector.Inspect(new MemoryStream(bytes), new InspectOptions { ListPages = true });
        Assert.Equal(
            [("ram0", 0x1000ul, 3L), ("ram0", 0x5000ul, 1L)],
            report.Items[3].PageRuns!.Select(run => (run.Block, run.BlockOffset, run.Count)));
    }

    [Fact]
    public void Inspect_CutAtEveryByte_ReportsTheEnd()
    {
        byte[] bytes = SampleStream.Whole();
        int eof = bytes.AsSpan().LastIndexOf("\0\x06"u8) + 1;
        for (int length = 0; length < bytes.Length; length++)
        {
            InspectReport report = Inspect(bytes[..length]);
            CheckCovers(report);
            if (length == eof)
            {
                // As after a postcopy: whole without a description.
                Assert.True(report.IsComplete);
                continue;
            }

            Assert.False(report.IsComplete);
            Assert.InRange(Assert.Single(report.Errors).Offset, 0, length);
        }
    }

    [Fact]
    public void Inspect_EveryByteChanged_NeverThrows()
    {
        byte[] bytes = SampleStream.Whole();
        for (int i = 0; i < bytes.Length; i++)
        {
            // The inside of the page says nothing.
            if (i is > 200 and < 4000)
                continue;
            foreach (byte value in (byte[])[0x00, 0x05, 0x7f, 0xff])
            {
                byte[] changed = (byte[])bytes.Clone();
                changed[i] = value;
                InspectReport report = Inspect(changed);
                CheckCovers(report);
                Assert.Equal(report.IsComplete, report.Errors.Count == 0);
                report.WriteJson(Stream.Null);
                report.WriteText(TextWriter.Null, new InspectViewOptions { ShowFields = true });
            }
        }
    }

    [Fact]
    public void Inspect_RandomDescriptions_AgreeWithTheirBytes()
    {
        foreach (PeerProfile profile in new[] { PeerProfile.Qemu10_0, PeerProfile.Qemu11_1 })
        {
            for (int seed = 0; seed < 120; seed++)
            {
                byte[] bytes = WriteRandom(seed, profile);
                InspectReport report = Inspect(bytes);
                Assert.True(report.IsComplete, $"seed {seed}, {profile.Name}: {string.Join(", ", report.Errors)}");
                Assert.Equal(bytes, Rewrite(report));
            }
        }
    }

    [Fact]
    public void Write_FieldOfADevicesOwnTypeString_GivesItsBytes()
    {
        byte[] bytes = new SampleStream().Header().Configuration("virt").Begin(SectionType.Full, 0, "timer", 0, 2).Bytes("\u0003abc"u8).Footer(0).Description(
            """{"devices": [{"name": "timer", "instance_id": 0, "vmsd_name": "timer", "version": 2, "fields": [{"name": "own", "type": "string", "size": 4}]}]}""").ToArray();
        StreamItem section = Inspect(bytes).Items[2];
        var written = new ArrayBufferWriter<byte>();
        MigrationWriter writer = MigrationWriter.ToMemory(written);

        StreamRewriter.Write(section, writer);
        writer.Flush();

        Assert.Equal(bytes.AsSpan((int)section.Offset, (int)section.Length).ToArray(), written.WrittenSpan.ToArray());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(65536 - 6)]
    [InlineData(65536 - 5)]
    [InlineData(65536 - 4)]
    public void Inspect_BytesLikeAFooterInAnUndescribedSection_AreNotItsEnd(int before)
    {
        SampleStream head = new SampleStream().Header().Configuration("virt").Begin(SectionType.Full, 7, "dev");
        byte[] body = [.. new byte[before], .. new SampleStream().Footer(7).ToArray(), 0xff, 0xff, 0xff];
        byte[] bytes = head.Bytes(body).Footer(7).Bytes([0]).ToArray();

        InspectReport report = StreamInspector.Inspect(new MemoryStream(bytes));

        Assert.Empty(report.Errors);
        StreamItem section = Assert.Single(report.Items, item => item.Kind == StreamItemKind.Full);
        Assert.Equal(bytes.Length - 1, section.Offset + section.Length);
    }

    [Fact]
    public void WriteJson_WholeStream_HasTheDocumentedShape()
    {
        using var text = new MemoryStream();
        Inspect(SampleStream.Whole()).WriteJson(text);
        using JsonDocument document = JsonDocument.Parse(text.ToArray());
        JsonElement root = document.RootElement;
        Assert.Equal(
            ["format", "bytes", "complete", "machine", "page_size", "configuration", "ram_blocks", "pages", "items", "errors"],
            root.EnumerateObject().Select(property => property.Name));
        Assert.Equal("stream", root.GetProperty("format").GetString());
        Assert.Equal("ram0", root.GetProperty("ram_blocks")[0].GetProperty("name").GetString());
        Assert.Equal(2, root.GetProperty("pages").GetProperty("zero").GetInt32());
        JsonElement full = root.GetProperty("items")[6];
        Assert.Equal(("full", "timer", 0, 2), (
            full.GetProperty("kind").GetString(),
            full.GetProperty("idstr").GetString(),
            full.GetProperty("section_id").GetInt32(),
            full.GetProperty("version_id").GetInt32()));
        Assert.Equal("""{"name":"ticks","type":"int64","offset":O,"size":8,"value":-2}""", Compact(full.GetProperty("fields")[0]));
        Assert.Equal("""{"name":"modes","type":"uint16","offset":O,"size":4,"value":[1,2]}""", Compact(full.GetProperty("fields")[1]));
    }

    [Fact]
    public void WriteText_Section_ShowsItsFieldsOnly()
    {
        using var text = new StringWriter();
        byte[] bytes = SampleStream.Whole();
        Inspect(bytes).WriteText(text, new InspectViewOptions { Section = "timer" });
        string[] lines = text.ToString().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal($"stream, {bytes.Length} bytes, complete, machine virt, page size 4096", lines[0]);
        Assert.Contains(lines, line => line.EndsWith("full          timer  instance 0  version 2  id 0", StringComparison.Ordinal));
        Assert.EndsWith("modes: uint16[2] = 1 2", lines[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void Inspect_ReturnPath_ReadsMessages()
    {
        byte[] bytes = Convert.FromHexString("0002000400000001" + "00030011" + "0000000003111000" + "00001000" + "0472616d30" + "00050005" + "0472616d30"
            + "0000000000000008" + "ffffffffffffffff" + "0123456789abcdef" + "0001000400000000");
        InspectReport report = Inspect(bytes);
        Assert.Empty(report.Errors);
        Assert.Equal(InspectFormat.ReturnPath, report.Format);
        Assert.Equal(["PONG", "REQ_PAGES_ID", "RECV_BITMAP", "SHUT"], report.Items.Select(item => item.Command));
        CheckCovers(report);
        bytes[^9]++;
        Assert.Contains("end mark", Assert.Single(Inspect(bytes).Errors).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Inspect_MultiFdChannel_DecodesItsPackets()
    {
        byte[] uuid = [.. Enumerable.Range(1, 16).Select(i => (byte)i)];
        byte[] bytes =
        [
            .. Words(0x11223344, 1), .. uuid, 3, .. new byte[39],
            .. Words(0x11223344, 1, 0x40), .. Padded("vfio"), .. Words(7, 6), .. "device"u8,
            .. Words(0x11223344, 1, 0, 128, 1, 4096, 0, 9, 2), .. new byte[28], .. Padded("ram0"), .. new byte[128 * 8], .. new byte[4096],
            .. Words(0x11223344, 1, 1), .. new byte[308], .. new byte[128 * 8],
        ];
        InspectReport report = Inspect(bytes);
        Assert.Empty(report.Errors);
        Assert.Equal(InspectFormat.MultiFdChannel, report.Format);
        Assert.Equal(new Guid(uuid, bigEndian: true), report.Uuid);
        Assert.Equal(
            [(null, 3u, null), ("DEVICE_STATE", 7u, "vfio"), (null, null, "ram0"), ("SYNC", (uint?)null, "")],
            report.Items.Select(item => (item.Command, item.InstanceId, item.IdString)));
        Assert.Equal(new PageCounts(1, 2, 0, 0), report.Pages);
        CheckCovers(report);
    }

    private static InspectReport Inspect(byte[] bytes) => StreamInspector.Inspect(new MemoryStream(bytes));

    private static void CheckCovers(InspectReport report)
    {
        long at = 0;
        foreach (StreamItem item in report.Items)
        {
            Assert.Equal(at, item.Offset);
            at += item.Length;
        }

        Assert.True(report.IsComplete ? at == report.Bytes : at <= report.Bytes);
    }

    private static byte[] Words(params uint[] words)
    {
        byte[] bytes = new byte[words.Length * sizeof(uint)];
        for (int i = 0; i < words.Length; i++)
            BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(i * sizeof(uint)), words[i]);
        return bytes;
    }

    private static byte[] Padded(string name) => Encoding.ASCII.GetBytes(name.PadRight(256, '\0'));

    private static byte[] WriteRandom(int seed, PeerProfile profile)
    {
        var registry = new VmStateRegistry();
        var descriptions = new RandomDescriptions(seed, isReadable: true, hasAutoAlloc: profile == PeerProfile.Qemu11_1);
        for (int i = 0; i < 3; i++)
            registry.Register(descriptions.Make("dev"), new Bag(new Random(seed)));
        var bytes = new ArrayBufferWriter<byte>();
        MigrationWriter writer = MigrationWriter.ToMemory(bytes);
        var json = new VmDescriptionWriter(profile, 4096);
        writer.Write(new SampleStream().Header().Configuration("virt").ToArray());
        foreach (SaveStateEntry entry in registry.GetEntries(profile))
        {
            writer.Write(new SampleStream().Begin(SectionType.Full, entry.SectionId, entry.IdString, entry.InstanceId, entry.GetVersion(profile)).ToArray());
            VmStateCodec.Save(entry, writer, json, profile);
            writer.Write(new SampleStream().Footer(entry.SectionId).ToArray());
        }

        writer.Write(new SampleStream().Description(Encoding.ASCII.GetString(json.Complete().Span)).ToArray());
        writer.Flush();
        return bytes.WrittenSpan.ToArray();
    }

    private static byte[] Rewrite(InspectReport report)
    {
        var bytes = new ArrayBufferWriter<byte>();
        MigrationWriter writer = MigrationWriter.ToMemory(bytes);
        foreach (StreamItem item in report.Items)
            StreamRewriter.Write(item, writer);
        writer.Flush();
        return bytes.WrittenSpan.ToArray();
    }

    private static string Compact(JsonElement field)
    {
        long offset = field.GetProperty("offset").GetInt64();
        return JsonSerializer.Serialize(field).Replace($"\"offset\":{offset}", "\"offset\":O", StringComparison.Ordinal);
    }
}
