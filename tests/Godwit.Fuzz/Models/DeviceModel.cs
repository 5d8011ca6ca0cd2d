namespace Godwit.Fuzz;

/// <summary>Reads the sections of <see cref="FuzzDescriptions"/> by hand, field by field, without any table.</summary>
internal static class DeviceModel
{
    public static void Read(string description, ByteCursor bytes, FuzzDevice device, uint version)
    {
        switch (description)
        {
            case "scalars":
                ReadScalars(bytes, device, version);
                NoSubsection(bytes, description);
                break;
            case "arrays":
                ReadArrays(bytes, device);
                NoSubsection(bytes, description);
                break;
            case "nodes":
                ReadNodes(bytes, device);
                NoSubsection(bytes, description);
                break;
            case "lists":
                ReadLists(bytes, device);
                NoSubsection(bytes, description);
                break;
            default:
                ReadCustoms(bytes, device, version);
                break;
        }
    }

    private static void ReadScalars(ByteCursor bytes, FuzzDevice device, uint version)
    {
        Require(version is >= 1 and <= 3, "version of scalars");
        device.Flag = bytes.U8() != 0;
        device.U8 = bytes.U8();
        device.I8 = (sbyte)bytes.U8();
        if (version >= 2)
            device.U16 = bytes.U16();
        device.I16 = (short)bytes.U16();
        device.U32 = bytes.U32();
        device.I32 = (int)bytes.U32();
        if (version >= 3)
            device.U64 = bytes.U64();
        device.I64 = (long)bytes.U64();
        device.Timer = ReadTimer(bytes);
        device.Number = BitConverter.UInt64BitsToDouble(bytes.U64());
        Require(bytes.U8() == FuzzDevice.FixedByte, "fixed8");
        Require(bytes.U16() == FuzzDevice.FixedHalf, "fixed16");
        Require(bytes.U32() == unchecked((uint)FuzzDevice.FixedInt), "fixed32");
        Require(bytes.U32() == FuzzDevice.FixedWord, "fixedu32");
        Require(bytes.U64() == FuzzDevice.FixedLong, "fixed64");
        int limit = (int)bytes.U32();
        Require(limit >= 0 && limit <= device.Limit, "limit");
        device.Limit = limit;
    }

    private static void ReadArrays(ByteCursor bytes, FuzzDevice device)
    {
        for (int i = 0; i < 3; i++)
            device.Flags[i] = bytes.U8() != 0;
        for (int i = 0; i < 3; i++)
            device.Halves[i] = bytes.U16();
        for (int i = 0; i < 2; i++)
            device.Signed[i] = (sbyte)bytes.U8();
        for (int i = 0; i < 2; i++)
            device.Timers[i] = ReadTimer(bytes);
        for (int i = 0; i < 2; i++)
            device.Numbers[i] = BitConverter.UInt64BitsToDouble(bytes.U64());
        device.WordCount = bytes.U8();
        Require(device.WordCount <= FuzzDevice.MaxCount, "word_count");
        device.Words = new uint[device.WordCount];
        for (int i = 0; i < device.WordCount; i++)
            device.Words[i] = bytes.U32();
        device.LongCount = (int)bytes.U32();
        Require(device.LongCount is >= 0 and <= 4, "long_count");
        for (int i = 0; i < device.LongCount; i++)
            device.Longs[i] = bytes.U64();
        device.BitCount = bytes.U8();
        Require(device.BitCount <= FuzzDevice.MaxBits, "bit_count");
        for (int i = 0; i * 64 < device.BitCount; i++)
            device.Bits[i] = bytes.U64();
        device.BlobLength = bytes.U16();
        Require(device.BlobLength <= FuzzDevice.MaxBytes, "blob_length");
        device.Blob = bytes.Take(device.BlobLength);
        device.Fixed = bytes.Take(6);
        bytes.Take(3);
        uint counted = bytes.U32();
        Require(counted <= FuzzDevice.MaxBytes, "counted");
        device.Counted = bytes.Take((int)counted);
    }

    private static void ReadNodes(ByteCursor bytes, FuzzDevice device)
    {
        ReadNode(bytes, device.Child, 2);
        ReadNode(bytes, device.OldChild, 1);
        ReadNode(bytes, device.Pair[0], 2);
        ReadNode(bytes, device.Pair[1], 2);
        device.NodeCount = bytes.U8();
        Require(device.NodeCount <= FuzzDevice.MaxCount, "node_count");
        device.Nodes.Clear();
        for (int i = 0; i < device.NodeCount; i++)
            device.Nodes.Add(ReadNode(bytes, new FuzzNode(), 2));
        ReadNode(bytes, device.Pointers[0]!, 2);
        Require(bytes.U8() == 0x30, "null marker");
        ReadNode(bytes, device.Pointers[2]!, 2);
        for (int i = 0; i < 3; i++)
        {
            byte marker = bytes.U8();
            Require(marker is 0x30 or 0x31, "pointer marker");
            device.Sparse[i] = marker == 0x31 ? ReadNode(bytes, new FuzzNode(), 2) : null;
        }

        device.FromTemporary = ~bytes.U32();
        NoSubsection(bytes, "temporary");
    }

    private static void ReadLists(ByteCursor bytes, FuzzDevice device)
    {
        ReadQueue(bytes, device.Queue);
        ReadQueue(bytes, device.List);
        uint count = bytes.U32();
        Require(count <= FuzzDevice.MaxElements, "tree");
        for (uint i = 0; i < count; i++)
        {
            Require(bytes.U8() != 0, "tree node");
            ulong key = bytes.U64();
            Require(device.Tree.TryAdd(key, ReadNode(bytes, new FuzzNode(), 2)), "tree key twice");
        }

        Require(bytes.U8() == 0, "end of tree");
        count = bytes.U32();
        Require(count <= FuzzDevice.MaxElements, "key tree");
        for (uint i = 0; i < count; i++)
        {
            Require(bytes.U8() != 0, "key tree node");
            var key = new FuzzKey { Low = bytes.U32(), High = bytes.U8() };
            NoSubsection(bytes, "key");
            var node = new FuzzNode { Value = bytes.U32() };
            NoSubsection(bytes, "keyed");
            Require(device.KeyTree.TryAdd(key, node), "tree key twice");
        }

        Require(bytes.U8() == 0, "end of key tree");
    }

    private static void ReadCustoms(ByteCursor bytes, FuzzDevice device, uint version)
    {
        Require(version is 1 or 2, "version of customs");
        device.Loads++;
        device.Name = bytes.Text();
        device.NameCount = bytes.U8();
        Require(device.NameCount <= FuzzDevice.MaxCount, "name_count");
        for (int i = 0; i < device.NameCount; i++)
            device.Names.Add(bytes.Text());
        device.Gate = bytes.U8();
        Require(device.Gate < 4, "gate");
        if (device.Gate == 1)
            device.Gated = bytes.U32();
        if (version == 2)
            device.Late = bytes.U16();
        while (bytes.SubsectionOf("customs") is { } name)
        {
            Require(name == "customs/first", name);
            bytes.Take(2 + name.Length);
            Require(bytes.U32() == 1, "version of a subsection");
            device.First = bytes.U32();
            while (bytes.SubsectionOf("customs/first") is { } inner)
            {
                Require(inner == "customs/first/second", inner);
                bytes.Take(2 + inner.Length);
                Require(bytes.U32() is 2 or 3, "version of a subsection");
                device.Second = bytes.U32();
                NoSubsection(bytes, inner);
            }
        }

        device.Loads += (byte)version;
    }

    private static void ReadQueue(ByteCursor bytes, List<FuzzNode> queue)
    {
        int count = 0;
        while (bytes.U8() != 0)
        {
            Require(++count <= FuzzDevice.MaxElements, "queue");
            queue.Add(ReadNode(bytes, new FuzzNode(), 2));
        }
    }

    private static FuzzNode ReadNode(ByteCursor bytes, FuzzNode node, int version)
    {
        node.Value = bytes.U32();
        if (version >= 2)
            node.Kind = bytes.U8();
        while (bytes.SubsectionOf("node") is { } name)
        {
            Require(name == "node/extra", name);
            bytes.Take(2 + name.Length);
            Require(bytes.U32() == 1, "version of a subsection");
            node.Extra = bytes.U16();
            NoSubsection(bytes, name);
        }

        return node;
    }

    private static long? ReadTimer(ByteCursor bytes) => bytes.U64() is var value && value == ulong.MaxValue ? null : (long)value;

    private static void NoSubsection(ByteCursor bytes, string parent) =>
        Require(bytes.SubsectionOf(parent) is null, $"subsection of {parent}");

    private static void Require(bool holds, string what)
    {
        if (!holds)
            throw new FuzzFailureException("accepted, but not right: " + what);
    }
}
