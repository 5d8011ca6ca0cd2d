using Godwit.VmState;

namespace Godwit.Fuzz;

/// <summary>The tables of <see cref="FuzzDevice"/>: between them they have a field of every kind, versions, predicates, hooks and subsections.</summary>
internal static class FuzzDescriptions
{
    private const byte BadGate = 0xee;

    public static VmStateDescription<FuzzDevice> Scalars { get; } = new("scalars", version: 3, minimumVersion: 1)
    {
        PreLoad = static device => device.IsTouched = true,
        Fields =
        [
            Field.Bool("flag", (FuzzDevice d) => ref d.Flag),
            Field.UInt8("u8", (FuzzDevice d) => ref d.U8),
            Field.Int8("i8", (FuzzDevice d) => ref d.I8),
            Field.UInt16("u16", (FuzzDevice d) => ref d.U16, since: 2),
            Field.Int16("i16", (FuzzDevice d) => ref d.I16),
            Field.UInt32<FuzzDevice>("u32", d => d.U32, (d, value) => d.U32 = value),
            Field.Int32("i32", (FuzzDevice d) => ref d.I32),
            Field.UInt64("u64", (FuzzDevice d) => ref d.U64, since: 3),
            Field.Int64("i64", (FuzzDevice d) => ref d.I64),
            Field.Timer("timer", (FuzzDevice d) => ref d.Timer),
            Field.Double("number", (FuzzDevice d) => ref d.Number),
            Field.UInt8Equal<FuzzDevice>("fixed8", _ => FuzzDevice.FixedByte),
            Field.UInt16Equal<FuzzDevice>("fixed16", _ => FuzzDevice.FixedHalf),
            Field.Int32Equal<FuzzDevice>("fixed32", _ => FuzzDevice.FixedInt),
            Field.UInt32Equal<FuzzDevice>("fixedu32", _ => FuzzDevice.FixedWord),
            Field.Int64Equal<FuzzDevice>("fixed64", _ => FuzzDevice.FixedLong),
            Field.Int32LessOrEqual("limit", (FuzzDevice d) => ref d.Limit),
        ],
    };

    public static VmStateDescription<FuzzDevice> Arrays { get; } = new("arrays", version: 1, minimumVersion: 1)
    {
        PreLoad = static device => device.IsTouched = true,
        Fields =
        [
            Field.BoolArray<FuzzDevice>("flags", d => d.Flags),
            Field.UInt16Array<FuzzDevice>("halves", d => d.Halves),
            Field.Int8Array<FuzzDevice>("signed", d => d.Signed),
            Field.TimerArray<FuzzDevice>("timers", d => d.Timers),
            Field.DoubleArray<FuzzDevice>("numbers", d => d.Numbers),
            Field.UInt8("word_count", (FuzzDevice d) => ref d.WordCount),
            Field.UInt32VarArray<FuzzDevice>("words", d => d.Words, d => d.WordCount, FuzzDevice.MaxCount, (d, count) => d.Words = new uint[count]),
            Field.Int32("long_count", (FuzzDevice d) => ref d.LongCount),
            Field.UInt64VarArray<FuzzDevice>("longs", d => d.Longs, d => d.LongCount, FuzzDevice.MaxCount),
            Field.UInt8("bit_count", (FuzzDevice d) => ref d.BitCount),
            Field.Bitmap<FuzzDevice>("bits", d => d.Bits, d => d.BitCount, FuzzDevice.MaxBits),
            Field.UInt16("blob_length", (FuzzDevice d) => ref d.BlobLength),
            Field.VBuffer<FuzzDevice>("blob", d => d.Blob, d => d.BlobLength, FuzzDevice.MaxBytes, (d, count) => d.Blob = new byte[count]),
            Field.Buffer<FuzzDevice>("fixed", d => d.Fixed),
            Field.Unused<FuzzDevice>(3),
            Field.ByteArray("counted", (FuzzDevice d) => ref d.Counted, FuzzDevice.MaxBytes),
        ],
    };

    public static VmStateDescription<FuzzDevice> Nodes { get; } = new("nodes", version: 2, minimumVersion: 2)
    {
        PreLoad = static device => device.IsTouched = true,
        Fields =
        [
            Field.Struct<FuzzDevice, FuzzNode>("child", d => d.Child, FuzzNode.Description),
            Field.VStruct<FuzzDevice, FuzzNode>("old_child", d => d.OldChild, FuzzNode.Description, structVersion: 1),
            Field.StructArray<FuzzDevice, FuzzNode>("pair", d => d.Pair, FuzzNode.Description),
            Field.UInt8("node_count", (FuzzDevice d) => ref d.NodeCount),
            Field.StructVarArray<FuzzDevice, FuzzNode>("nodes", d => d.Nodes, FuzzNode.Description, d => d.NodeCount, FuzzDevice.MaxCount, Allocate),
            Field.ArrayOfPointers<FuzzDevice, FuzzNode>("pointers", d => d.Pointers, FuzzNode.Description),
            Field.AutoAllocArray<FuzzDevice, FuzzNode>("sparse", d => d.Sparse, FuzzNode.Description, (_, _) => new FuzzNode()),
            Field.Tmp<FuzzDevice, FuzzTemporary>("temporary", d => new FuzzTemporary(d), FuzzTemporary.Description, since: 1),
        ],
    };

    public static VmStateDescription<FuzzDevice> Lists { get; } = new("lists", version: 2, minimumVersion: 2)
    {
        PreLoad = static device => device.IsTouched = true,
        Fields =
        [
            Field.QTailq<FuzzDevice, FuzzNode>("queue", d => d.Queue, _ => new FuzzNode(), FuzzNode.Description, FuzzDevice.MaxElements, since: 2),
            Field.QList<FuzzDevice, FuzzNode>("list", d => d.List, _ => new FuzzNode(), FuzzNode.Description, FuzzDevice.MaxElements, since: 2),
            Field.GTree<FuzzDevice, FuzzNode>("tree", d => d.Tree, _ => new FuzzNode(), FuzzNode.Description, FuzzDevice.MaxElements, since: 2),
            Field.GTree<FuzzDevice, FuzzKey, FuzzNode>(
                "key_tree", d => d.KeyTree, () => new FuzzKey(), FuzzKey.Description, _ => new FuzzNode(), FuzzKeyed, FuzzDevice.MaxElements, since: 1),
        ],
    };

    public static VmStateDescription<FuzzDevice> Customs { get; } = new("customs", version: 2, minimumVersion: 1)
    {
        PreLoad = static device =>
        {
            device.IsTouched = true;
            device.Loads++;
        },
        PostLoad = static (device, version) =>
        {
            if (device.Gate == BadGate)
                throw new VmStateException("the gate is bad", "another", "0xee");
            device.Loads += (byte)version;
        },
        Fields =
        [
            Field.Custom<FuzzDevice>("name", "string", (d, writer) => writer.WriteCountedString(d.Name), (d, reader) => d.Name = reader.ReadCountedString()),
            Field.UInt8("name_count", (FuzzDevice d) => ref d.NameCount),
            Field.CustomArray<FuzzDevice>(
                "names",
                "capability",
                (d, index, writer) => writer.WriteCountedString(d.Names[index]),
                (d, _, reader) => d.Names.Add(reader.ReadCountedString()),
                d => d.NameCount,
                FuzzDevice.MaxCount),
            Field.UInt8("gate", (FuzzDevice d) => ref d.Gate),
            Field.UInt32("gated", (FuzzDevice d) => ref d.Gated, when: (d, _) => d.Gate == 1),
            Field.Validate<FuzzDevice>("gate is small", (d, _) => d.Gate is < 4 or BadGate),
            Field.UInt16("late", (FuzzDevice d) => ref d.Late, since: 2),
        ],
        Subsections =
        [
            new VmStateDescription<FuzzDevice>("customs/first", version: 1, minimumVersion: 1)
            {
                Needed = static device => device.First != 0 || device.Second != 0,
                Fields = [Field.UInt32("first", (FuzzDevice d) => ref d.First)],
                Subsections =
                [
                    new VmStateDescription<FuzzDevice>("customs/first/second", version: 3, minimumVersion: 2)
                    {
                        Needed = static device => device.Second != 0,
                        Fields = [Field.UInt32("second", (FuzzDevice d) => ref d.Second)],
                    },
                ],
            },
        ],
    };

    /// <summary>All tables, in the order in which the machine registers them.</summary>
    public static IReadOnlyList<VmStateDescription<FuzzDevice>> All { get; } = [Scalars, Arrays, Nodes, Lists, Customs];

    /// <summary>The value beside a struct key: one version of a field stands for both, so it has no version 2.</summary>
    private static VmStateDescription<FuzzNode> FuzzKeyed => FuzzKeyedNode.Description;

    private static void Allocate(FuzzDevice device, int count)
    {
        device.Nodes.Clear();
        for (int i = 0; i < count; i++)
            device.Nodes.Add(new FuzzNode());
    }

    private static class FuzzKeyedNode
    {
        public static VmStateDescription<FuzzNode> Description { get; } = new("keyed", version: 1, minimumVersion: 1)
        {
            Fields = [Field.UInt32("value", (FuzzNode node) => ref node.Value)],
        };
    }
}
