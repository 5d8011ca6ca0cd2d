using System.Text;
using Godwit.VmState;

namespace Godwit.Snapshot.Tests;

/// <summary>Each defect of docs/formats/commands.md, "Refusals", with its place and text; and input made to exhaust the reader.</summary>
public sealed class DamagedStreamTests
{
    public static TheoryData<string, string, long> Defects => new()
    {
        { "wrong magic", "Not a migration stream", 0 },
        { "version 2", "SaveVM v2 format is obsolete", 4 },
        { "version 4", "Unsupported migration stream version", 4 },
        { "no configuration", "Configuration section missing", 8 },
        { "long machine name", "machine type name too long", 9 },
        { "unknown configuration subsection", "VM subsection 'configuration/other' in 'configuration' does not exist", 17 },
        { "unknown element", "Unknown section type 9", 17 },
        { "part of unknown section", "Unknown section 5", 17 },
        { "empty idstr", "Unable to read ID string for section 1", 17 },
        { "ram version", "unsupported version 5 for 'ram' v4", 34 },
        { "missing footer", "Missing section footer for ram", 63 },
        { "other footer", "Mismatched section id in footer for ram - read 0x2 expected 0x1", 63 },
        { "unknown block", "Can't find block ram9", 73 },
        { "continue first", "CONTINUE without a previous block", 73 },
        { "offset outside block", "Illegal RAM offset 4000 in block 'ram0'", 73 },
        { "two kinds", "Unknown combination of migration flags: 0xa", 73 },
        { "flags of the future", "Unknown combination of migration flags: 0x400", 73 },
        { "fill byte", "fill byte of a zero page is not zero", 86 },
        { "block list over total", "length of RAM block 'ram0' exceeds the total", 42 },
        { "block twice", "RAM block 'ram0' is listed twice", 55 },
        { "unknown command", "MIG_CMD 0xc unknown (len 0x0)", 17 },
        { "invalid command", "MIG_CMD 0x0 unknown (len 0x0)", 17 },
        { "command length", "PING received with bad length", 17 },
        { "advise length", "POSTCOPY_ADVISE received with bad length", 17 },
        { "package beyond end", "package reaches beyond the stream", 26 },
        { "package in a package", "package inside a package", 26 },
        { "header beyond its package", "no footer for section 'dev'", 43 },
        { "bytes after description", "bytes after the end of the stream", -1 },
        { "bytes after end", "bytes after the end of the sections", -1 },
        { "description lies", "Missing section footer for timer", 44 },
        { "description of nothing", "section 'timer' is not in the description", -1 },
        { "description not JSON", "the description is not valid", -1 },
    };

    [Theory]
    [MemberData(nameof(Defects))]
    public void Inspect_Defect_IsRefusedWithPlaceAndReason(string defect, string reason, long offset)
    {
        byte[] bytes = Make(defect).ToArray();
        InspectError error = Assert.Single(StreamInspector.Inspect(new MemoryStream(bytes)).Errors);
        Assert.StartsWith(reason, error.Reason, StringComparison.Ordinal);
        if (offset >= 0)
            Assert.Equal(offset, error.Offset);
        Assert.InRange(error.Offset, 0, bytes.Length);
    }

    [Theory]
    [InlineData(200)]
    [InlineData(2_000_000)]
    public void Inspect_DeepJson_IsRefused(int depth)
    {
        var json = new StringBuilder("{\"devices\": ");
        json.Append('[', depth).Append(']', depth).Append('}');
        InspectError error = Assert.Single(Inspect(Front().Timer().Description(json.ToString())).Errors);
        Assert.StartsWith("the description is not valid", error.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Inspect_StructsNestedDeeply_AreRefused()
    {
        const int Depth = 500;
        var json = new StringBuilder("{\"devices\": [{\"name\": \"timer\", \"instance_id\": 0, \"version\": 2, \"fields\": [");
        for (int i = 0; i < Depth; i++)
            json.Append("{\"name\": \"s\", \"type\": \"struct\", \"struct\": {\"fields\": [");
        json.Insert(json.Length, "]}}", Depth).Append("]}]}");
        Assert.Single(Inspect(Front().Timer().Description(json.ToString())).Errors);
    }

    [Theory]
    [InlineData("""{"name": "a", "array_len": 2147483647, "type": "uint64", "size": 8}""")]
    [InlineData("""{"name": "a", "array_len": 9223372036854775807, "type": "uint8", "size": 1}""")]
    [InlineData("""{"name": "a", "array_len": -1, "type": "uint8", "size": 1}""")]
    [InlineData("""{"name": "a", "array_len": 2147483647, "type": "uint8", "size": 9223372036854775807}""")]
    [InlineData("""{"name": "a", "type": "buffer", "size": 9223372036854775807}""")]
    [InlineData("""{"name": "a", "type": "buffer", "size": -5}""")]
    [InlineData("""{"name": "a", "type": "buffer"}""")]
    [InlineData("""{"name": "a", "type": "buffer", "size": 99999999999999999999999}""")]
    [InlineData("""{"name": "a", "array_len": 2147483647, "type": "capability", "size": 1}""")]
    [InlineData("""{"name": "a", "array_len": 2147483647, "type": "struct", "struct": {"fields": []}, "size": 0}""")]
    [InlineData("""{"name": "a", "array_len": 2147483647, "type": "struct", "struct": {"fields": [{"name": "b", "type": "uint8", "size": 1}]}, "size": 1}""")]
    [InlineData("""{"name": "a", "type": "struct", "size": 1}""")]
    [InlineData("""{"name": "a", "type": "gtree", "size": 1}""")]
    [InlineData("""{"name": "a", "type": "qtailq", "vmsd_name": "x", "fields": [], "size": 1}""")]
    public void Inspect_DescriptionThatAsksTooMuch_IsRefused(string field)
    {
        string json = """{"devices": [{"name": "timer", "instance_id": 0, "vmsd_name": "timer", "version": 2, "fields": [""" + field + "]}]}";
        long before = GC.GetAllocatedBytesForCurrentThread();
        InspectReport report = Inspect(Front().Timer().Description(json));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4 << 20);
        Assert.Single(report.Errors);
    }

    [Fact]
    public void Inspect_LengthsOfAllOnes_AllocateNothing()
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Single(Inspect(new SampleStream().Header().Configuration("virt").Bytes([8, 0, 7, 0, 4, 255, 255, 255, 255])).Errors);
        Assert.Single(Inspect(Front().Bytes([0, 6, 255, 255, 255, 255])).Errors);
        Assert.Single(Inspect(new SampleStream().Header().Bytes([7, 255, 255, 255, 255])).Errors);
        Assert.Single(Inspect(new SampleStream().Header().Configuration("virt").Begin(SectionType.Start, 1, "dirty-bitmap")
            .Bytes([0x40, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 255, 255, 255, 255, 255, 255, 255])).Errors);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4 << 20);
    }

    [Theory]
    [InlineData(0u, 4096u, 0x200u, 0x1000u, "unknown mapped-ram version")]
    [InlineData(1u, 512u, 0x200u, 0x1000u, "mapped-ram page size")]
    [InlineData(1u, 4096u, 0x10u, 0x1000u, "bitmap offset")]
    [InlineData(1u, 4096u, 0x200u, 0x200u, "pages offset")]
    [InlineData(1u, 4096u, 0x200u, 0x1010u, "pages of block 'ram0' are not aligned")]
    [InlineData(1u, 4096u, 0x200u, 0x1000u, "pages of block 'ram0' reach beyond the file")]
    public void Inspect_MappedRamHeaderThatLies_IsRefused(uint version, uint pageSize, uint bitmap, uint pages, string reason)
    {
        SampleStream stream = new SampleStream().Header().Configuration("virt", "mapped-ram").Begin(SectionType.Start, 1, "ram", 0, 4)
            .Record(0x4000, 4).Bytes([4]).Bytes("ram0"u8).Record(0x4000, 0);
        foreach ((int size, ulong value) in new[] { (4, (ulong)version), (8, pageSize), (8, bitmap), (8, pages) })
        {
            var bytes = new byte[8];
            System.Buffers.Binary.BinaryPrimitives.WriteUInt64BigEndian(bytes, value);
            stream.Bytes(bytes.AsSpan(8 - size));
        }

        InspectReport report = Inspect(stream.Bytes(new byte[0x1800]));
        Assert.Equal(InspectFormat.MappedRam, report.Format);
        Assert.StartsWith(reason, Assert.Single(report.Errors).Reason, StringComparison.Ordinal);
    }

    private static InspectReport Inspect(SampleStream stream) => StreamInspector.Inspect(new MemoryStream(stream.ToArray()));

    private static SampleStream Front() => new SampleStream().Header().Configuration("virt");

    private static SampleStream Ram() => Front().RamStart(("ram0", 4 * SampleStream.PageBytes)).Begin(SectionType.Part, 1);

    private static SampleStream Start() => Front().Begin(SectionType.Start, 1, "ram", 0, 4);

    private static SampleStream Make(string defect) => defect switch
    {
        "wrong magic" => new SampleStream().Header(magic: 0x5145564e),
        "version 2" => new SampleStream().Header(version: 2),
        "version 4" => new SampleStream().Header(version: 4),
        "no configuration" => new SampleStream().Header().Timer(),
        "long machine name" => new SampleStream().Header().Bytes([7, 0, 1, 0, 0]),
        "unknown configuration subsection" => Front().Subsection("configuration/other", 1),
        "unknown element" => Front().Bytes([9]),
        "part of unknown section" => Front().Begin(SectionType.Part, 5),
        "empty idstr" => Front().Begin(SectionType.Start, 1, ""),
        "ram version" => Front().Begin(SectionType.Start, 1, "ram", 0, 5),
        "missing footer" => Start().Record(0x4000, 4).Bytes([4]).Bytes("ram0"u8).Record(0x4000, 0).Record(0, 0x10).Begin(SectionType.Part, 1),
        "other footer" => Start().Record(0x4000, 4).Bytes([4]).Bytes("ram0"u8).Record(0x4000, 0).Record(0, 0x10).Footer(2),
        "unknown block" => Ram().Record(0, 2, "ram9").Bytes([0]),
        "continue first" => Ram().Record(0, 0x22).Bytes([0]),
        "offset outside block" => Ram().Record(0x4000, 2, "ram0").Bytes([0]),
        "two kinds" => Ram().Record(0, 0x0a, "ram0"),
        "flags of the future" => Ram().Record(0, 0x400),
        "fill byte" => Ram().Record(0, 2, "ram0").Bytes([1]),
        "block list over total" => Start().Record(0x1000, 4).Bytes([4]).Bytes("ram0"u8).Record(0x4000, 0),
        "block twice" => Start().Record(0x8000, 4).Bytes([4]).Bytes("ram0"u8).Record(0x4000, 0).Bytes([4]).Bytes("ram0"u8).Record(0x4000, 0),
        "unknown command" => Front().Command(12),
        "invalid command" => Front().Command(0),
        "command length" => Front().Command(2, 0, 0, 0, 0, 0, 0, 0, 0),
        "advise length" => Front().Command(3, 0, 0, 0, 0, 0, 0, 0, 0),
        "package beyond end" => Front().Command(7, 0, 0, 1, 0),
        "package in a package" => Front().Command(7, 0, 0, 0, 10).Command(7, 0, 0, 0, 1).Bytes([0]),
        "header beyond its package" => Front().Command(7, 0, 0, 0, 5).Begin(SectionType.Full, 1, "dev").Bytes([1, 2]).Footer(1),
        "bytes after description" => Front().Devices().Bytes([1]),
        "bytes after end" => Front().Timer().Bytes([0, 1]),
        "description lies" => Front().Timer().Description(
            """{"devices": [{"name": "timer", "instance_id": 0, "version": 2, "fields": [{"name": "a", "type": "uint64", "size": 8}]}]}"""),
        "description of nothing" => Front().Timer().Description("""{"devices": []}"""),
        _ => Front().Timer().Description("{\"devices\": [}"),
    };
}
