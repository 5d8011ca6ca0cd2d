using static Godwit.VmState.Tests.VmStateBytes;

namespace Godwit.VmState.Tests;

/// <summary>Golden bytes of every field kind, computed by hand from docs/formats/vmstate.md, both directions.</summary>
public sealed class FieldKindTests
{
    public static TheoryData<string> KindNames => [.. Kinds.Select(kind => kind.Name)];

    [Theory]
    [MemberData(nameof(KindNames))]
    public void Save_Kind_WritesGoldenBytes(string name)
    {
        Kind kind = Find(name);
        Assert.Equal(Convert.ToHexStringLower(Hex(kind.Bytes)), Convert.ToHexStringLower(Save(kind.Description, kind.Make())));
    }

    [Theory]
    [MemberData(nameof(KindNames))]
    public void Load_Kind_GivesTheObjectBack(string name)
    {
        Kind kind = Find(name);
        var loaded = new Device { Local = 7, Limit = 9 };
        kind.Prepare(loaded);
        Load(kind.Description, loaded, Hex(kind.Bytes));
        Assert.Equal(Convert.ToHexStringLower(Hex(kind.Bytes)), Convert.ToHexStringLower(Save(kind.Description, loaded)));
    }

    [Theory]
    [MemberData(nameof(KindNames))]
    public void Load_KindCutAtEveryByte_SaysWhere(string name)
    {
        Kind kind = Find(name);
        byte[] bytes = Hex(kind.Bytes);
        for (int length = 0; length < bytes.Length; length++)
        {
            var loaded = new Device { Local = 7, Limit = 9 };
            kind.Prepare(loaded);
            var error = LoadFails(kind.Description, loaded, bytes[..length]);
            Assert.InRange(error.Offset, 0, length);
            Assert.Contains("end of stream", error.Reason, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Load_BoolOfAnyValue_IsTrue()
    {
        var device = new Device();
        Load(Describe(Field.Bool<Device>("flag", d => ref d.Flag)), device, [0x80]);
        Assert.True(device.Flag);
    }

    [Theory]
    [InlineData("00000008")]
    [InlineData("ffffffff")]
    public void Load_UnequalValue_IsRefused(string bytes)
    {
        var error = LoadFails(Describe(Field.UInt32Equal<Device>("local", d => d.Local)), new Device { Local = 7 }, Hex(bytes));
        Assert.Equal(("equal to 7", 0L), (error.Expected, error.Offset));
    }

    [Theory]
    [InlineData("0000000a")]
    [InlineData("ffffffff")]
    public void Load_Int32AboveLimit_IsRefused(string bytes)
    {
        var device = new Device { Limit = 9 };
        LoadFails(Describe(Field.Int32LessOrEqual<Device>("limit", d => ref d.Limit)), device, Hex(bytes));
        Assert.Equal(9, device.Limit);
    }

    [Fact]
    public void Load_Int64Equal_IsUnsigned()
    {
        VmStateDescription<Device> description = Describe(Field.Int64Equal<Device>("n", _ => 0xffff_ffff_ffff_fff0));
        Load(description, new Device(), Hex("fffffffffffffff0"));
    }

    [Theory]
    [InlineData("00000005", "0..4")]
    [InlineData("ffffffff", "0..4")]
    public void Load_CountAboveMaximum_IsRefusedBeforeElements(string bytes, string expected)
    {
        VmStateDescription<Device> description = Describe(
            Field.UInt32<Device>("count", d => ref d.Count),
            Field.UInt16VarArray<Device>("words", d => d.Words, d => d.Count, maximum: 4, (d, n) => d.Words = new ushort[n]));
        var error = LoadFails(description, new Device(), Hex(bytes));
        Assert.Equal(expected, error.Expected);
    }

    [Fact]
    public void Load_QueueWithTooManyElements_IsRefused()
    {
        VmStateDescription<Device> description = Describe(
            Field.QTailq<Device, Child>("queue", d => d.Queue, _ => new Child(), Child.State, maximum: 2));
        var error = LoadFails(description, new Device(), Hex("010001 010002 010003 00"));
        Assert.Equal(("0..2", "3"), (error.Expected, error.Found));
    }

    [Theory]
    [InlineData("00000002 01 0000000000000001 0005 00")]
    [InlineData("00000001 01 0000000000000001 0005 01 0000000000000002 0005 00")]
    [InlineData("00000002 01 0000000000000001 0005 01 0000000000000001 0005 00")]
    [InlineData("ffffffff 00")]
    public void Load_TreeThatLies_IsRefused(string bytes)
    {
        VmStateDescription<Device> description = Describe(
            Field.GTree<Device, Child>("tree", d => d.Tree, _ => new Child(), Child.State, maximum: 16));
        LoadFails(description, new Device(), Hex(bytes));
    }

    [Theory]
    [InlineData("31 0001 30 30")]
    [InlineData("0001 00 0002")]
    public void Load_PointerPatternOfOtherSide_IsRefused(string bytes)
    {
        VmStateDescription<Device> description = Describe(Field.ArrayOfPointers<Device, Child>("children", d => d.Children, Child.State));
        LoadFails(description, new Device { Children = [new Child(), null, new Child()] }, Hex(bytes));
    }

    [Fact]
    public void Load_AutoAllocWithBadMarker_IsRefused()
    {
        VmStateDescription<Device> description = Describe(
            Field.AutoAllocArray<Device, Child>("children", d => d.Children, Child.State, (_, _) => new Child()));
        var error = LoadFails(description, new Device { Children = new Child?[2] }, Hex("31 0001 32 0001"));
        Assert.Equal((3L, "0x32"), (error.Offset, error.Found));
    }

    private static Kind Find(string name) => Kinds.Single(kind => kind.Name == name);

    private static VmStateDescription<Device> Describe(params VmStateField<Device>[] fields) => new("device", 1) { Fields = fields };

    private static Kind[] Kinds { get; } =
    [
        new("bool", "01 00", () => new Device { Flag = true }, Describe(
            Field.Bool<Device>("flag", d => ref d.Flag), Field.Bool<Device>("other", d => d.Count != 0, (d, v) => d.Count = v ? 1u : 0))),
        new("uint8", "fe", () => new Device { Byte = 0xfe }, Describe(Field.UInt8<Device>("b", d => ref d.Byte))),
        new("int8", "fe", () => new Device { Signed8 = -2 }, Describe(Field.Int8<Device>("b", d => ref d.Signed8))),
        new("uint16", "1234", () => new Device { Half = 0x1234 }, Describe(Field.UInt16<Device>("h", d => ref d.Half))),
        new("int16", "fffe", () => new Device { Signed16 = -2 }, Describe(Field.Int16<Device>("h", d => ref d.Signed16))),
        new("uint32", "12345678", () => new Device { Count = 0x12345678 }, Describe(Field.UInt32<Device>("w", d => ref d.Count))),
        new("int32", "fffffffe", () => new Device { Limit = -2 }, Describe(Field.Int32<Device>("w", d => ref d.Limit))),
        new("uint64", "123456789abcdef0", () => new Device { Long = 0x123456789abcdef0 }, Describe(Field.UInt64<Device>("l", d => ref d.Long))),
        new("int64", "fffffffffffffffe", () => new Device { Signed64 = -2 }, Describe(Field.Int64<Device>("l", d => ref d.Signed64))),
        new("double", "c004000000000000", () => new Device { Real = -2.5 }, Describe(Field.Double<Device>("r", d => ref d.Real))),
        new("timer armed", "000000000000000a", () => new Device { Expiry = 10 }, Describe(Field.Timer<Device>("t", d => ref d.Expiry))),
        new("timer not armed", "ffffffffffffffff", () => new Device(), Describe(Field.Timer<Device>("t", d => ref d.Expiry))),
        new("uint8 equal", "07", () => new Device { Local = 7 }, Describe(Field.UInt8Equal<Device>("e", d => (byte)d.Local))),
        new("uint16 equal", "0007", () => new Device { Local = 7 }, Describe(Field.UInt16Equal<Device>("e", d => (ushort)d.Local))),
        new("int32 equal", "00000007", () => new Device { Local = 7 }, Describe(Field.Int32Equal<Device>("e", d => (int)d.Local))),
        new("uint32 equal", "00000007", () => new Device { Local = 7 }, Describe(Field.UInt32Equal<Device>("e", d => d.Local))),
        new("int64 equal", "0000000000000007", () => new Device { Local = 7 }, Describe(Field.Int64Equal<Device>("e", d => d.Local))),
        new("int32 le", "00000003", () => new Device { Limit = 3 }, Describe(Field.Int32LessOrEqual<Device>("le", d => ref d.Limit))),
        new("buffer", "01020304", () => new Device { Buffer = [1, 2, 3, 4] }, Describe(Field.Buffer<Device>("b", d => d.Buffer))),
        new("buffer part", "0203", () => new Device { Buffer = [0, 2, 3, 0] }, Describe(Field.Buffer<Device>("b", d => d.Buffer.AsSpan(1, 2)))),
        new("vbuffer", "00000003 010203", () => new Device { Count = 3, Buffer = [1, 2, 3, 0] }, Describe(
            Field.UInt32<Device>("n", d => ref d.Count), Field.VBuffer<Device>("b", d => d.Buffer, d => d.Count, maximumBytes: 4))),
        new("vbuffer allocated", "00000003 010203", () => new Device { Count = 3, Buffer = [1, 2, 3] }, Describe(
            Field.UInt32<Device>("n", d => ref d.Count),
            Field.VBuffer<Device>("b", d => d.Buffer, d => d.Count, maximumBytes: 16, (d, n) => d.Buffer = new byte[n]))),
        new("unused", "01 000000 02", () => new Device { Byte = 2, Flag = true }, Describe(
            Field.Bool<Device>("flag", d => ref d.Flag), Field.Unused<Device>(3), Field.UInt8<Device>("b", d => ref d.Byte))),
        new("bitmap", "8000000000000001 0000000000000002", () => new Device { Bits = [(1UL << 63) | 1, 2] }, Describe(
            Field.Bitmap<Device>("bits", d => d.Bits, _ => 66, maximumBits: 128))),
        new("byte array", "00000002 0a0b", () => new Device { Buffer = [10, 11] }, Describe(Field.ByteArray<Device>("b", d => ref d.Buffer, 16))),
        new("array", "0001 0002 0003 0004", () => new Device { Words = [1, 2, 3, 4] }, Describe(Field.UInt16Array<Device>("w", d => d.Words))),
        new("sub-array", "0002 0003", () => new Device { Words = [0, 2, 3, 0] }, Describe(Field.UInt16Array<Device>("w", d => d.Words.AsSpan(1, 2)))),
        new("array of two dimensions", "01 02 03 04 05 06", () => new Device { Grid = new byte[,] { { 1, 2, 3 }, { 4, 5, 6 } } }, Describe(
            Field.UInt8Array<Device>("g", d => System.Runtime.InteropServices.MemoryMarshal.CreateSpan(ref d.Grid[0, 0], d.Grid.Length)))),
        new("variable array", "00000002 0005 0006", () => new Device { Count = 2, Words = [5, 6, 0, 0] }, Describe(
            Field.UInt32<Device>("n", d => ref d.Count), Field.UInt16VarArray<Device>("w", d => d.Words, d => d.Count, maximum: 4))),
        new("variable array of none", "00000000", () => new Device { Words = [5, 6, 0, 0] }, Describe(
            Field.UInt32<Device>("n", d => ref d.Count), Field.UInt16VarArray<Device>("w", d => d.Words, d => d.Count, maximum: 4))),
        new("timer array", "ffffffffffffffff 0000000000000005", () => new Device { Expiries = [null, 5] }, Describe(
            Field.TimerArray<Device>("t", d => d.Expiries))),
        new("struct", "0005", () => new Device { One = new Child { Value = 5 } }, Describe(Field.Struct<Device, Child>("c", d => d.One, Child.State))),
        new("vstruct", "0005 0006", () => new Device { One = new Child { Value = 5, Late = 6 } }, Describe(
            Field.VStruct<Device, Child>("c", d => d.One, Child.Versioned, structVersion: 2))),
        new("vstruct of earlier version", "0005", () => new Device { One = new Child { Value = 5 } }, Describe(
            Field.VStruct<Device, Child>("c", d => d.One, Child.Versioned, structVersion: 1))),
        new("struct array", "0001 0002", () => new Device { Pair = [new() { Value = 1 }, new() { Value = 2 }] }, Describe(
            Field.StructArray<Device, Child>("c", d => d.Pair, Child.State))),
        new("variable struct array", "00000001 0001", () => new Device { Count = 1, Pair = [new() { Value = 1 }, new()] }, Describe(
            Field.UInt32<Device>("n", d => ref d.Count),
            Field.StructVarArray<Device, Child>("c", d => d.Pair, Child.State, d => d.Count, maximum: 2))),
        new("tmp", "0105", () => new Device { Half = 0x501 }, Describe(Field.Tmp<Device, Swapped>("tmp", d => new Swapped(d), Swapped.State))),
        new("qtailq", "01 0001 01 0002 00", () => new Device { Queue = [new() { Value = 1 }, new() { Value = 2 }] }, Describe(
            Field.QTailq<Device, Child>("q", d => d.Queue, _ => new Child(), Child.State))),
        new("qlist of none", "00", () => new Device(), Describe(Field.QList<Device, Child>("q", d => d.Queue, _ => new Child(), Child.State))),
        new("gtree", "00000002 01 0000000000000003 0001 01 0000000000000009 0002 00",
            () => new Device { Tree = new() { [9] = new() { Value = 2 }, [3] = new() { Value = 1 } } }, Describe(
                Field.GTree<Device, Child>("t", d => d.Tree, _ => new Child(), Child.State))),
        new("gtree with struct keys", "00000001 01 0007 0001 00",
            () => new Device { Map = new() { [new Child { Value = 7 }] = new() { Value = 1 } } }, Describe(
                Field.GTree<Device, Child, Child>("t", d => d.Map, () => new Child(), Child.State, _ => new Child(), Child.State))),
        new("array of pointers", "0001 30 0002", () => new Device { Children = [new() { Value = 1 }, null, new() { Value = 2 }] }, Describe(
            Field.ArrayOfPointers<Device, Child>("c", d => d.Children, Child.State)))
        {
            Prepare = d => d.Children = [new(), null, new()],
        },
        new("auto-alloc array", "31 0001 30 31 0002", () => new Device { Children = [new() { Value = 1 }, null, new() { Value = 2 }] }, Describe(
            Field.AutoAllocArray<Device, Child>("c", d => d.Children, Child.State, (_, _) => new Child())))
        {
            Prepare = d => d.Children = [null, new(), null],
        },
        new("custom", "03 aabbcc", () => new Device { Buffer = [0xaa, 0xbb, 0xcc] }, Describe(Field.Custom<Device>(
            "c",
            "virtio",
            (d, w) =>
            {
                w.WriteByte((byte)d.Buffer.Length);
                w.Write(d.Buffer);
            },
            (d, r) =>
            {
                d.Buffer = new byte[r.ReadByte()];
                r.ReadExactly(d.Buffer.AsSpan());
            }))),
    ];

    private sealed record Kind(string Name, string Bytes, Func<Device> Make, VmStateDescription<Device> Description)
    {
        public Action<Device> Prepare { get; init; } = _ => { };
    }

    private sealed class Device
    {
        public bool Flag;
        public byte Byte;
        public sbyte Signed8;
        public ushort Half;
        public short Signed16;
        public uint Count;
        public uint Local;
        public int Limit;
        public ulong Long;
        public long Signed64;
        public double Real;
        public long? Expiry;
        public byte[] Buffer = new byte[4];
        public ushort[] Words = new ushort[4];
        public ulong[] Bits = new ulong[2];
        public long?[] Expiries = new long?[2];
        public byte[,] Grid = new byte[2, 3];

        public Child One { get; init; } = new();

        public Child[] Pair { get; init; } = [new(), new()];

        public List<Child> Queue { get; init; } = [];

        public SortedDictionary<ulong, Child> Tree { get; init; } = [];

        public Dictionary<Child, Child> Map { get; init; } = [];

        public Child?[] Children { get; set; } = [];
    }

    private sealed class Child
    {
        public static readonly VmStateDescription<Child> State = new("child", 1) { Fields = [Field.UInt16<Child>("value", c => ref c.Value)] };

        public static readonly VmStateDescription<Child> Versioned = new("child", 2)
        {
            Fields = [Field.UInt16<Child>("value", c => ref c.Value), Field.UInt16<Child>("late", c => ref c.Late, since: 2)],
        };

        public ushort Value;
        public ushort Late;
    }

    private sealed class Swapped(Device parent)
    {
        public static readonly VmStateDescription<Swapped> State = new("swapped", 0)
        {
            PreSave = t => t.Value = System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(t.Parent.Half),
            PostLoad = (t, _) => t.Parent.Half = System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(t.Value),
            Fields = [Field.UInt16<Swapped>("value", t => ref t.Value)],
        };

        public ushort Value;

        public Device Parent { get; } = parent;
    }
}
