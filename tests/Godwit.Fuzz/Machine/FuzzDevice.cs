using System.Globalization;
using System.Text;

namespace Godwit.Fuzz;

/// <summary>State of every kind that a description can have; <see cref="FuzzDescriptions"/> describes it in parts.</summary>
internal sealed class FuzzDevice
{
    public const byte FixedByte = 0x5a;
    public const ushort FixedHalf = 0x1234;
    public const int FixedInt = -2;
    public const uint FixedWord = 0xcafe;
    public const ulong FixedLong = 0x0123456789abcdef;
    public const int InitialLimit = 1000;
    public const int MaxCount = 8;
    public const int MaxBits = 200;
    public const int MaxBytes = 64;
    public const int MaxElements = 32;

    public bool Flag;
    public byte U8;
    public sbyte I8;
    public ushort U16;
    public short I16;
    public uint U32;
    public int I32;
    public ulong U64;
    public long I64;
    public long? Timer;
    public double Number;
    public int Limit = InitialLimit;

    public bool[] Flags = new bool[3];
    public ushort[] Halves = new ushort[3];
    public sbyte[] Signed = new sbyte[2];
    public long?[] Timers = new long?[2];
    public double[] Numbers = new double[2];
    public byte WordCount;
    public uint[] Words = [];
    public int LongCount;
    public ulong[] Longs = new ulong[4];
    public byte BitCount;
    public ulong[] Bits = new ulong[4];
    public ushort BlobLength;
    public byte[] Blob = [];
    public byte[] Fixed = new byte[6];
    public byte[] Counted = [];

    public FuzzNode Child = new();
    public FuzzNode OldChild = new();
    public FuzzNode[] Pair = [new(), new()];
    public byte NodeCount;
    public List<FuzzNode> Nodes = [];
    public FuzzNode?[] Pointers = [new(), null, new()];
    public FuzzNode?[] Sparse = new FuzzNode?[3];
    public uint FromTemporary;

    public List<FuzzNode> Queue = [];
    public List<FuzzNode> List = [];
    public SortedDictionary<ulong, FuzzNode> Tree = [];
    public SortedDictionary<FuzzKey, FuzzNode> KeyTree = new(FuzzKey.Order);

    public string Name = "";
    public byte NameCount;
    public List<string> Names = [];
    public byte Gate;
    public uint Gated;
    public ushort Late;
    public uint First;
    public uint Second;
    public byte Loads;

    /// <summary>Whether a load has begun to change it.</summary>
    public bool IsTouched { get; set; }

    /// <summary>Makes a sender's device.</summary>
    /// <param name="random">Decides.</param>
    /// <param name="isUniform">The elements of an array have one size, so that a description can tell where they end.</param>
    public static FuzzDevice Random(FuzzRandom random, bool isUniform = false)
    {
        FuzzNode Element() => FuzzNode.Random(random, hasExtra: !isUniform);

        var device = new FuzzDevice
        {
            Flag = random.OneIn(2),
            U8 = random.NextByte(),
            I8 = (sbyte)random.NextByte(),
            U16 = (ushort)random.NextUInt32(),
            I16 = (short)random.NextUInt32(),
            U32 = random.NextUInt32(),
            I32 = (int)random.NextUInt32(),
            U64 = random.NextUInt64(),
            I64 = (long)random.NextUInt64(),
            Timer = random.OneIn(3) ? null : (long)(random.NextUInt64() >> 1),
            Number = random.Next(1000) / 8.0,
            Limit = random.Next(InitialLimit + 1),
            WordCount = (byte)random.Next(MaxCount + 1),
            LongCount = random.Next(5),
            BitCount = (byte)random.Next(MaxBits + 1),
            BlobLength = (ushort)random.Next(MaxBytes + 1),
            Counted = new byte[random.Next(MaxBytes + 1)],
            Child = FuzzNode.Random(random),
            OldChild = FuzzNode.Random(random),
            Pair = [Element(), Element()],
            Pointers = [Element(), null, Element()],
            Sparse = [random.OneIn(2) ? Element() : null, null, Element()],
            FromTemporary = random.NextUInt32(),
            Name = random.Pick("", "node", "customs/first", "a name"),
            Gate = (byte)random.Next(3),
            Gated = random.NextUInt32(),
            Late = (ushort)random.NextUInt32(),
            First = random.OneIn(2) ? random.NextUInt32() | 1 : 0,
            Second = random.OneIn(2) ? random.NextUInt32() | 1 : 0,
        };
        device.Words = new uint[device.WordCount];
        device.Words.AsSpan().Fill(random.NextUInt32());
        device.Longs.AsSpan(0, device.LongCount).Fill(random.NextUInt64());
        device.Bits.AsSpan(0, (device.BitCount + 63) / 64).Fill(random.NextUInt64());
        device.Blob = new byte[device.BlobLength];
        random.Fill(device.Blob);
        random.Fill(device.Counted);
        random.Fill(device.Fixed);
        device.Timers[1] = 77;
        device.Numbers[0] = -1.5;
        for (int i = random.Next(4); i > 0; i--)
        {
            device.Nodes.Add(Element());
            device.Queue.Add(FuzzNode.Random(random));
            device.List.Add(FuzzNode.Random(random));
            device.Tree[random.NextUInt64()] = FuzzNode.Random(random);
            device.KeyTree[new FuzzKey { Low = random.NextUInt32(), High = random.NextByte() }] = FuzzNode.Random(random);
            device.Names.Add(random.Pick("", "one", "\u0005\u000bcustoms"));
        }

        device.NodeCount = (byte)device.Nodes.Count;
        device.NameCount = (byte)device.Names.Count;
        return device;
    }

    /// <summary>All of the state as text.</summary>
    public override string ToString()
    {
        var text = new StringBuilder(1024);
        text.Append(CultureInfo.InvariantCulture, $"{Flag} {U8} {I8} {U16} {I16} {U32:x} {I32} {U64:x} {I64} {Timer} {BitConverter.DoubleToUInt64Bits(Number):x} {Limit}; ");
        Append(text, Flags);
        Append(text, Halves);
        Append(text, Signed);
        Append(text, Timers);
        Append(text, Numbers.Select(BitConverter.DoubleToUInt64Bits));
        Append(text.Append(WordCount), Words);
        Append(text.Append(LongCount), Longs);
        Append(text.Append(BitCount), Bits);
        text.Append(CultureInfo.InvariantCulture, $"{BlobLength} {Convert.ToHexString(Blob)} {Convert.ToHexString(Fixed)} {Convert.ToHexString(Counted)}; ");
        AppendNodes(text, [Child, OldChild, .. Pair]);
        AppendNodes(text.Append(NodeCount), Nodes);
        AppendNodes(text, Pointers);
        AppendNodes(text, Sparse);
        text.Append(CultureInfo.InvariantCulture, $"{FromTemporary:x}; ");
        AppendNodes(text, Queue);
        AppendNodes(text, List);
        Append(text, Tree.Keys);
        AppendNodes(text, Tree.Values);
        Append(text, KeyTree.Keys);
        AppendNodes(text, KeyTree.Values);
        Append(text.Append(Name).Append(' ').Append(NameCount), Names);
        return text.Append(CultureInfo.InvariantCulture, $"{Gate} {Gated:x} {Late} {First:x} {Second:x} {Loads}").ToString();
    }

    private static void Append<T>(StringBuilder text, IEnumerable<T> values) =>
        text.Append('[').AppendJoin(' ', values.Select(value => Convert.ToString(value, CultureInfo.InvariantCulture))).Append("] ");

    private static void AppendNodes(StringBuilder text, IEnumerable<FuzzNode?> nodes)
    {
        text.Append('<');
        foreach (FuzzNode? node in nodes)
        {
            if (node is null)
                text.Append('-');
            else
                node.AppendTo(text);
        }

        text.Append("> ");
    }
}
