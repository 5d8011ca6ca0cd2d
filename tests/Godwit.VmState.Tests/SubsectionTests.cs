using static Godwit.VmState.Tests.VmStateBytes;

namespace Godwit.VmState.Tests;

/// <summary>The reader's rules for subsections: peek, prefix, any order, unknown ones are fatal.</summary>
public sealed class SubsectionTests
{
    // 05, counted name, version 1, one byte.
    private const string X = "05 03 642f78 00000001 11";
    private const string Y = "05 03 642f79 00000001 22";

    private static readonly VmStateDescription<Probe> _device = new("d", 1)
    {
        Fields = [Field.UInt8<Probe>("a", p => ref p.A)],
        Subsections =
        [
            new("d/x", 1) { Needed = p => p.B != 0, Fields = [Field.UInt8<Probe>("b", p => ref p.B)] },
            new("d/y", 1) { Needed = p => p.C != 0, Fields = [Field.UInt8<Probe>("c", p => ref p.C)] },
        ],
    };

    [Theory]
    [InlineData(0, 0, "07")]
    [InlineData(0x11, 0, "07" + X)]
    [InlineData(0, 0x22, "07" + Y)]
    [InlineData(0x11, 0x22, "07" + X + Y)]
    public void Save_Subsections_WritesThoseNeeded(byte b, byte c, string bytes) =>
        Assert.Equal(Hex(bytes), Save(_device, new Probe { A = 7, B = b, C = c }));

    [Theory]
    [InlineData("07" + X + Y)]
    [InlineData("07" + Y + X)]
    [InlineData("07" + X + Y + X)]
    public void Load_Subsections_AnyOrderAndRepeats(string bytes)
    {
        var probe = new Probe();
        Load(_device, probe, Hex(bytes));
        Assert.Equal((7, 0x11, 0x22), (probe.A, probe.B, probe.C));
    }

    [Fact]
    public void Load_SubsectionAbsent_LeavesDefault()
    {
        var probe = new Probe { B = 9, C = 9 };
        Load(_device, probe, Hex("07" + Y));
        Assert.Equal((9, 0x22), (probe.B, probe.C));
    }

    [Fact]
    public void Load_UnknownSubsectionWithPrefix_IsFatal()
    {
        var error = LoadFails(_device, new Probe(), Hex("07 05 03 642f7a 00000001"));
        Assert.Equal(("VM subsection 'd/z' in 'd' does not exist", 1L), (error.Reason, error.Offset));
    }

    [Theory]
    [InlineData("07", "05 03 652f78 00000001 11")]
    [InlineData("07", "05 01 64")]
    [InlineData("07", "05 00")]
    [InlineData("07", "05")]
    [InlineData("07", "05 09 642f")]
    [InlineData("07", "7e 00000001")]
    public void Load_BytesThatAreNoSubsection_AreLeftAlone(string own, string rest)
    {
        var reader = Wire.MigrationReader.FromMemory(Hex(own + rest));
        VmStateCodec.Load(_device, new Probe(), reader, 1, PeerProfile.Default);
        Assert.Equal(1, reader.Position);
    }

    [Fact]
    public void Load_NestedStruct_LeavesOuterSubsectionToItsOwner()
    {
        VmStateDescription<Probe> outer = new("outer", 1)
        {
            Fields = [Field.Struct<Probe, Probe>("d", p => p, _device)],
            Subsections = [new("outer/s", 1) { Fields = [Field.UInt8Array<Probe>("bytes", p => p.Bytes)] }],
        };
        var probe = new Probe();
        Load(outer, probe, Hex("07" + X + "05 07 6f757465722f73 00000001 01020304"));
        Assert.Equal([1, 2, 3, 4], probe.Bytes);
    }

    [Fact]
    public void Load_ArrayOfStructs_DoesNotTakeDataForASubsection()
    {
        // The second element's first byte is a 5, as a subsection's.
        VmStateDescription<Probe> outer = new("outer", 1) { Fields = [Field.StructArray<Probe, Probe>("ds", p => [p, p], _device)] };
        var probe = new Probe();
        Load(outer, probe, Hex("07 05"));
        Assert.Equal(5, probe.A);
    }

    [Fact]
    public void Load_SubsectionInSubsection_IsFound()
    {
        VmStateDescription<Probe> device = new("d", 1)
        {
            Fields = [],
            Subsections =
            [
                new("d/x", 1)
                {
                    Fields = [Field.UInt8<Probe>("a", p => ref p.A)],
                    Subsections = [new("d/x/deep", 2, 2) { Fields = [Field.UInt8<Probe>("b", p => ref p.B)] }],
                },
            ],
        };
        byte[] bytes = Hex("05 03 642f78 00000001 01 05 08 642f782f64656570 00000002 02");
        Assert.Equal(bytes, Save(device, new Probe { A = 1, B = 2 }));
        var probe = new Probe();
        Load(device, probe, bytes);
        Assert.Equal((1, 2), (probe.A, probe.B));
        bytes[^2] = 3;
        Assert.Contains("too new", LoadFails(device, new Probe(), bytes).Reason, StringComparison.Ordinal);
        bytes[^2] = 1;
        Assert.Contains("too old", LoadFails(device, new Probe(), bytes).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_SubsectionCutAtEveryByte_IsRefusedOrLeftOver()
    {
        byte[] bytes = Hex("07" + X);
        for (int length = 0; length < bytes.Length; length++)
        {
            var reader = Wire.MigrationReader.FromMemory(bytes.AsMemory(0, length));
            if (length is >= 1 and < 6)
            {
                // Header not whole: not seen as a subsection; the missing footer is the section's error.
                VmStateCodec.Load(_device, new Probe(), reader, 1, PeerProfile.Default);
                Assert.Equal(1, reader.Position);
                continue;
            }

            var error = Assert.Throws<Wire.StreamFormatException>(() => VmStateCodec.Load(_device, new Probe(), reader, 1, PeerProfile.Default));
            Assert.InRange(error.Offset, 0, length);
        }
    }

    [Fact]
    public void Load_SiblingWhoseNameGoesOn_IsTakenByTheFirst()
    {
        // The prefix rule has no separator: inside d/x, d/xy looks like a subsection of d/x.
        VmStateDescription<Probe> device = new("d", 1)
        {
            Subsections =
            [
                new("d/x", 1) { Fields = [Field.UInt8<Probe>("a", p => ref p.A)] },
                new("d/xy", 1) { Fields = [Field.UInt8<Probe>("b", p => ref p.B)] },
            ],
        };
        Assert.Equal("VM subsection 'd/xy' in 'd/x' does not exist", LoadFails(device, new Probe(), Save(device, new Probe())).Reason);
        Assert.Equal("d/d/xy: a reader inside 'd/x' takes it for a subsection of that", Assert.Single(VmStateValidator.Validate(device)));
    }

    [Fact]
    public void Validate_SubsectionWithoutPrefix_IsFound()
    {
        VmStateDescription<Probe> device = new("d", 1) { Subsections = [new("other", 1), new("d/x", 1), new("d/x", 1)] };
        Assert.Equal(2, VmStateValidator.Validate(device).Count);
        Assert.Empty(VmStateValidator.Validate(_device));
    }
}
