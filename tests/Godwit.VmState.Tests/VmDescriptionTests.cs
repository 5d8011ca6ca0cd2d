using static Godwit.VmState.Tests.VmStateBytes;

namespace Godwit.VmState.Tests;

/// <summary>The JSON description by release.</summary>
public sealed class VmDescriptionTests
{
    [Fact]
    public void Describe_X87Registers_IsTheDocumentedExample()
    {
        VmStateDescription<Register> temporary = new("fpreg_tmp", 0)
        {
            Fields = [Field.UInt64<Register>("tmp_mant", r => ref r.Mantissa), Field.UInt16<Register>("tmp_exp", r => ref r.Exponent)],
        };
        VmStateDescription<Register> register = new("fpreg", 0) { Fields = [Field.Tmp<Register, Register>("tmp", r => r, temporary)] };
        VmStateDescription<Registers> cpu = new("cpu", 12) { Fields = [Field.StructArray<Registers, Register>("env.fpregs", r => r.All, register)] };
        const string Field1 = """{"name": "env.fpregs", "array_len": 8, "type": "struct", "struct": {"vmsd_name": "fpreg", "version": 0, "fields": [{"name": "tmp", "type": "tmp", "vmsd_name": "fpreg_tmp", "version": 0, "fields": [{"name": "tmp_mant", "type": "uint64", "size": 8}, {"name": "tmp_exp", "type": "uint16", "size": 2}], "size": 10}]}, "size": 10}""";
        Assert.Equal(
            """{"name": "cpu", "instance_id": 0, "vmsd_name": "cpu", "version": 12, "fields": [""" + Field1 + "]}",
            Describe(cpu, new Registers(), PeerProfile.Qemu10_0));
        Assert.Equal(80, Save(cpu, new Registers()).Length);
    }

    [Theory]
    [InlineData("7.2", """{"name": "p", "index": 0, "type": "uint8", "size": 1}, {"name": "p", "index": 1, "type": "uint8", "size": 1}, {"name": "p", "index": 2, "type": "uint8", "size": 1}""")]
    [InlineData("10.0", """{"name": "p", "index": 0, "type": "uint8", "size": 1}, {"name": "p", "index": 1, "type": "uint8", "size": 1}, {"name": "p", "type": "uint8", "size": 1}""")]
    [InlineData("11.1", """{"name": "p", "type": "uint8", "size": 1}, {"name": "p", "type": "uint8", "size": 1}, {"name": "p", "type": "uint8", "size": 1}""")]
    public void Describe_ArrayWithPredicate_HasAnEntryPerElement(string profile, string fields)
    {
        VmStateDescription<Probe> device = new("d", 1) { Fields = [Field.UInt8Array<Probe>("p", p => p.Bytes.AsSpan(0, 3), when: (_, _) => true)] };
        Assert.Equal(Device(fields), Describe(device, new Probe(), PeerProfile.Find(profile)!));
    }

    [Fact]
    public void Describe_ArrayOfNone_HasNoEntry()
    {
        VmStateDescription<Probe> device = new("d", 1) { Fields = [Field.UInt8VarArray<Probe>("p", p => p.Bytes, _ => 0, maximum: 4)] };
        Assert.Equal(Device(""), Describe(device, new Probe(), PeerProfile.Qemu10_0));
    }

    [Fact]
    public void Describe_SameNameTwice_NumbersPresentAndAbsent()
    {
        VmStateDescription<Probe> device = new("d", 1)
        {
            Fields = [Field.UInt8<Probe>("o", p => ref p.A, when: (_, _) => false), Field.UInt8<Probe>("o", p => ref p.B)],
        };
        Assert.Equal(Device("""{"name": "o[1]", "type": "uint8", "size": 1}"""), Describe(device, new Probe(), PeerProfile.Qemu10_0));
    }

    [Fact]
    public void Describe_Queue_RepeatsBodyInOneObject()
    {
        VmStateDescription<Probe> element = new("e", 1) { Fields = [Field.UInt8<Probe>("a", p => ref p.A)] };
        VmStateDescription<Registers> device = new("d", 1)
        {
            Fields = [Field.QTailq<Registers, Probe>("q", r => r.Queue, _ => new Probe(), element)],
        };
        const string Body = """ "vmsd_name": "e", "version": 1, "fields": [{"name": "a", "type": "uint8", "size": 1}],""";
        Assert.Equal(
            Device("""{"name": "q", "type": "qtailq",""" + Body + Body + """ "size": 5}"""), Describe(device, new Registers(), PeerProfile.Qemu10_0));
    }

    [Theory]
    [InlineData("10.0", "nullptr")]
    [InlineData("11.1", "ptr-marker")]
    public void Describe_NullPointers_OpenRunsOfTheirOwn(string profile, string marker)
    {
        VmStateDescription<Probe> element = new("e", 1) { Fields = [Field.UInt8<Probe>("a", p => ref p.A)] };
        VmStateDescription<Registers> device = new("d", 1)
        {
            Fields = [Field.ArrayOfPointers<Registers, Probe>("c", r => r.Pointers, element)],
        };
        const string Struct = """ "type": "struct", "struct": {"vmsd_name": "e", "version": 1, "fields": [{"name": "a", "type": "uint8", "size": 1}]}, "size": 1}""";

        // The first run announces the rest of the array, the others themselves.
        string expected = """{"name": "c", "array_len": 6,""" + Struct
            + $$""", {"name": "c", "array_len": 2, "type": "{{marker}}", "size": 1}, {"name": "c",""" + Struct
            + $$""", {"name": "c", "type": "{{marker}}", "size": 1}""";
        Assert.Equal(Device(expected), Describe(device, new Registers(), PeerProfile.Find(profile)!));
        Assert.Equal(Hex("00 00 30 30 00 30"), Save(device, new Registers()));
    }

    [Fact]
    public void Describe_AutoAllocArray_HasAMarkerPerElement()
    {
        VmStateDescription<Probe> element = new("e", 1) { Fields = [Field.UInt8<Probe>("a", p => ref p.A)] };
        VmStateDescription<Registers> device = new("d", 1)
        {
            Fields = [Field.AutoAllocArray<Registers, Probe>("c", r => r.Pointers.AsSpan(1, 2), element, (_, _) => new Probe())],
        };
        const string Marker = """{"name": "c", "type": "ptr-marker", "size": 1}""";
        const string Struct = """{"name": "c", "type": "struct", "struct": {"vmsd_name": "e", "version": 1, "fields": [{"name": "a", "type": "uint8", "size": 1}]}, "size": 1}""";
        Assert.Equal(Device($"{Marker}, {Struct}, {Marker}"), Describe(device, new Registers(), PeerProfile.Qemu11_1));
    }

    [Fact]
    public void Describe_Subsections_OnlyThoseNeededAndCountedInTheSize()
    {
        VmStateDescription<Probe> inner = new("i", 1)
        {
            Fields = [],
            Subsections = [new("i/s", 2) { Needed = p => p.A != 0, Fields = [Field.UInt8<Probe>("a", p => ref p.A)] }],
        };
        VmStateDescription<Probe> device = new("d", 1) { Fields = [Field.StructArray<Probe, Probe>("i", p => [p, p], inner)] };

        // A child that lists subsections is never run-length described; 05, name, version, one byte make ten.
        const string Body = """ "type": "struct", "struct": {"vmsd_name": "i", "version": 1, "fields": [], "subsections": [{"vmsd_name": "i/s", "version": 2, "fields": [{"name": "a", "type": "uint8", "size": 1}]}]}, "size": 10}""";
        Assert.Equal(
            Device("""{"name": "i", "index": 0,""" + Body + """, {"name": "i",""" + Body), Describe(device, new Probe { A = 1 }, PeerProfile.Qemu10_0));
        const string Bare = """ "type": "struct", "struct": {"vmsd_name": "i", "version": 1, "fields": []}, "size": 0}""";
        Assert.Equal(
            Device("""{"name": "i", "index": 0,""" + Bare + """, {"name": "i",""" + Bare), Describe(device, new Probe(), PeerProfile.Qemu10_0));
    }

    [Theory]
    [InlineData("7.2", false)]
    [InlineData("10.0", true)]
    public void Complete_Configuration_OnlyWhereTheReleaseDescribesIt(string profile, bool described)
    {
        PeerProfile peer = PeerProfile.Find(profile)!;
        VmStateDescription<Probe> configuration = new("configuration", 1) { Fields = [Field.UInt8<Probe>("len", p => ref p.A)] };
        var json = new VmDescriptionWriter(peer, 4096);
        json.BeginConfiguration();
        VmStateCodec.Save(
            configuration, new Probe(), Wire.MigrationWriter.ToMemory(new System.Buffers.ArrayBufferWriter<byte>()), json.ForConfiguration, peer);
        json.EndConfiguration();
        const string Configuration = """ "configuration": {"vmsd_name": "configuration", "version": 1, "fields": [{"name": "len", "type": "uint8", "size": 1}]},""";
        string expected = "{" + (described ? Configuration[1..] + " " : "") + "\"page_size\": 4096, \"devices\": []}";
        Assert.Equal(expected, System.Text.Encoding.ASCII.GetString(json.Complete().Span));
    }

    [Fact]
    public void Complete_MachineOfManyDevices_IsWhole()
    {
        var json = new VmDescriptionWriter(PeerProfile.Default, 4096);
        const int Devices = 5000;
        for (uint i = 0; i < Devices; i++)
            json.WriteOpaqueDevice("opaque", i, long.MaxValue);

        using var document = System.Text.Json.JsonDocument.Parse(json.Complete());
        System.Text.Json.JsonElement devices = document.RootElement.GetProperty("devices");
        Assert.Equal(Devices, devices.GetArrayLength());
        Assert.All(devices.EnumerateArray().Select((device, index) => (device, index)), pair =>
        {
            Assert.Equal(pair.index, pair.device.GetProperty("instance_id").GetInt32());
            Assert.Equal(long.MaxValue, pair.device.GetProperty("size").GetInt64());
        });
    }

    private static string Device(string fields) =>
        """{"name": "d", "instance_id": 0, "vmsd_name": "d", "version": 1, "fields": [""" + fields + "]}";

    private sealed class Registers
    {
        public Register[] All { get; } = [new(), new(), new(), new(), new(), new(), new(), new()];

        public List<Probe> Queue { get; } = [new(), new()];

        public Probe?[] Pointers { get; } = [new(), new(), null, null, new(), null];
    }

    private sealed class Register
    {
        public ulong Mantissa;
        public ushort Exponent;
    }
}
