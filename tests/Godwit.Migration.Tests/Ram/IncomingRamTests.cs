using System.IO.Compression;
using FsCheck;
using FsCheck.Fluent;
using Godwit.Memory;
using Godwit.VmState;
using Godwit.Wire;

namespace Godwit.Migration.Tests.Ram;

public sealed class IncomingRamTests : IDisposable
{
    private const int Page = 4096;

    private readonly RamTestMachine _machine = new();
    private readonly RamBlock _ram;
    private readonly RamBlock _flash;

    public IncomingRamTests()
    {
        _ram = _machine.AddBlock("ram", 16);
        _flash = _machine.AddBlock("flash", 4);
    }

    public void Dispose() => _machine.Dispose();

    [Fact]
    public void Read_EveryKindOfPageRecord_PlacesThePages()
    {
        _ram.GetSpan(new RamOffset(0x1000), Page).Fill(0xee); // becomes zero
        _ram.GetSpan(new RamOffset(0x3000), Page).Fill(0x11); // gets a difference
        byte[] compressed = Compress(Filled(0x77, Page));
        byte[] stream = new RamStreamBytes()
            .U64(0x0000 | 0x008).Name("ram").Fill(0xaa, Page)
            .U64(0x1000 | 0x022).Bytes(0)
            .U64(0x3000 | 0x060).Hex("01 0008 0a02aabba0020101")
            .U64(0x1000 | 0x008).Name("flash").Fill(0xbb, Page)
            .U64(0x2000 | 0x120).Hex("000000").Bytes((byte)compressed.Length).Bytes(compressed)
            .EndOfSection().ToArray();

        IncomingRam incoming = Load(stream, SectionType.Part);

        byte[] difference = Filled(0x11, Page);
        difference[10] = 0xaa;
        difference[11] = 0xbb;
        difference[300] = 1;
        AssertPage(_ram, 0, Filled(0xaa, Page));
        AssertPage(_ram, 1, new byte[Page]);
        AssertPage(_ram, 3, difference);
        AssertPage(_flash, 1, Filled(0xbb, Page));
        AssertPage(_flash, 2, Filled(0x77, Page));
        Assert.Equal([0b1011UL], incoming.Placement.ReceivedOf(_ram).Words.ToArray());
        Assert.Equal([0b0110UL], incoming.Placement.ReceivedOf(_flash).Words.ToArray());
    }

    [Fact]
    public void Read_ZeroPages_LeaveUntouchedMemoryAloneAndClearTheRest()
    {
        RamBlock large = _machine.AddBlock("large", 64, new RamBlockOptions { IsShared = true });
        large.GetSpan(new RamOffset(10 * Page), Page).Fill(1);
        var stream = new RamStreamBytes().U64(0x002).Name("large").Bytes(0);
        for (ulong page = 1; page < 64; page++)
            stream.U64(page * Page | 0x022).Bytes(0);
        stream.U64(0x5028).Fill(7, Page).U64(0x5022).Bytes(0); // filled, and zero again

        Load(stream.EndOfSection().ToArray(), SectionType.Part);

        Assert.True(ZeroPage.IsZero(large.GetSpan(new RamOffset(5 * Page), Page)));
        Assert.True(ZeroPage.IsZero(large.GetSpan(new RamOffset(10 * Page), Page)));
        Assert.Equal(5 * Page, large.Mapping.FindTouched(0));
        Assert.Equal(10 * Page, large.Mapping.FindTouched(6 * Page));
    }

    [Fact]
    public void Read_ContinueAfterASectionBorder_KeepsTheBlock()
    {
        byte[] first = new RamStreamBytes().U64(0x008).Name("flash").Fill(1, Page).EndOfSection().ToArray();
        byte[] second = new RamStreamBytes().U64(0x1028).Fill(2, Page).EndOfSection().ToArray();
        using var incoming = new IncomingRam(_machine.Memory, new RamOptions());
        var reader = MigrationReader.FromMemory((byte[])[.. first, .. second]);

        incoming.Read(reader, 4, SectionType.Part);
        incoming.Read(reader, 4, SectionType.End);

        AssertPage(_flash, 1, Filled(2, Page));
    }

    [Fact]
    public void Read_BlockList_IsAcceptedInAnyOrderAndWithBlocksMissing()
    {
        byte[] stream = new RamStreamBytes().U64(0x4000 | 4).Name("flash").U64(0x4000).EndOfSection().ToArray();

        Load(stream, SectionType.Start);

        Assert.Equal(4UL, _flash.PageCount);
    }

    [Fact]
    public void Read_BlockListWithAResizableBlock_ResizesIt()
    {
        RamBlock tables = _machine.AddBlock("tables", 2, new RamBlockOptions { MaxLengthBytes = 8 * Page });
        byte[] stream = new RamStreamBytes().U64(0x5000 | 4).Name("tables").U64(0x5000).EndOfSection()
            .ToArray();

        Load(stream, SectionType.Start);

        Assert.Equal(5UL, tables.PageCount);
    }

    /// <summary>Stored in a deflate block without compression and deflated at every level, as peers may do it.</summary>
    [Theory]
    [InlineData(CompressionLevel.NoCompression)]
    [InlineData(CompressionLevel.Fastest)]
    [InlineData(CompressionLevel.SmallestSize)]
    public void Read_CompressedPages_AreInflatedIntoTheirPlaces(CompressionLevel level)
    {
        byte[] noise = new byte[Page];
        new Random(3).NextBytes(noise);
        byte[] packed = Deflate(Filled(7, Page), level);
        byte[] packedNoise = Deflate(noise, CompressionLevel.NoCompression); // this library may make more of noise than the peers' can
        byte[] stream = new RamStreamBytes()
            .U64(0x008).Name("flash").Fill(1, Page) // the first page of a block comes as it is
            .U64(0x1120).U32((uint)packed.Length).Bytes(packed)
            .U64(0x3120).U32((uint)packedNoise.Length).Bytes(packedNoise)
            .EndOfSection().ToArray();

        Load(stream, SectionType.Part);

        AssertPage(_flash, 0, Filled(1, Page));
        AssertPage(_flash, 1, Filled(7, Page));
        AssertPage(_flash, 3, noise);
    }

    /// <summary>Why it is refused, the length that the record says, its data.</summary>
    public static TheoryData<string, uint, byte[]> BadCompressedPages => new()
    {
        { "4109", 4110, new byte[4110] },
        { "4109", uint.MaxValue, [] },
        { "inflates to 0 bytes", 0, [] },
        { "inflates to 4095 bytes", 0, Deflate(new byte[Page - 1], CompressionLevel.Fastest) },
        { "inflates to more than a page", 0, Deflate(new byte[Page + 1], CompressionLevel.Fastest) },
        { "inflates to more than a page", 0, Deflate(new byte[1 << 20], CompressionLevel.SmallestSize) },
        { "cannot be inflated", 0, [0x79, 0x01, 1, 2, 3] },
        { "cannot be inflated", 0, [.. Deflate(new byte[Page], CompressionLevel.Fastest)[..8]] },
    };

    [Theory]
    [MemberData(nameof(BadCompressedPages))]
    public void Read_BadCompressedPage_IsRefused(string reason, uint length, byte[] data)
    {
        byte[] stream = new RamStreamBytes().U64(0x100).Name("flash").U32(length == 0 ? (uint)data.Length : length).Bytes(data).EndOfSection().ToArray();

        StreamFormatException refusal = Assert.Throws<StreamFormatException>(() => Load(stream, SectionType.Part));

        Assert.Contains(reason, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_HookAndMultiFdFlush_MeanNothing()
    {
        byte[] stream = new RamStreamBytes().U64(0x080).U64(0x200).EndOfSection().ToArray();

        IncomingRam incoming = Load(stream, SectionType.Part);

        Assert.Equal(0UL, incoming.Placement.ReceivedOf(_ram).CountReceived());
    }

    /// <summary>What the block list says, where it is refused, and words that the refusal must have.</summary>
    public static TheoryData<string, byte[], long, string> BadBlockLists()
    {
        var data = new TheoryData<string, byte[], long, string>();
        data.Add("unknown block", new RamStreamBytes().U64(0x4004).Name("pc.ram").U64(0x4000).ToArray(), 8, "pc.ram");
        data.Add("fixed block of another length", new RamStreamBytes().U64(0x5004).Name("flash").U64(0x5000).ToArray(), 14, "0x4000");
        data.Add("more than the total", new RamStreamBytes().U64(0x3004).Name("flash").U64(0x4000).ToArray(), 14, "0x3000");
        data.Add("no length", new RamStreamBytes().U64(0x3004).Name("flash").U64(0).ToArray(), 14, "flash");
        data.Add("twice", new RamStreamBytes().U64(0x8004).Name("flash").U64(0x4000).Name("flash").U64(0x4000).ToArray(), 22, "twice");
        data.Add("resizable beyond its maximum", new RamStreamBytes().U64(0x9004).Name("tables").U64(0x9000).ToArray(), 15, "too large");
        data.Add("length near 2^64", new RamStreamBytes().U64(0xfffffffffffff004).Name("tables").U64(0xfffffffffffff000).ToArray(), 15, "0xfffffffffffff000");
        data.Add("empty name", new RamStreamBytes().U64(0x4004).Name("").U64(0x4000).ToArray(), 8, "\"\"");
        data.Add("not migratable", new RamStreamBytes().U64(0x1004).Name("private").U64(0x1000).ToArray(), 8, "not migrated");
        return data;
    }

    [Theory]
    [MemberData(nameof(BadBlockLists))]
    public void Read_BadBlockList_IsRefusedWithItsOffset(string name, byte[] stream, long offset, string words)
    {
        Assert.NotEmpty(name);
        _machine.AddBlock("tables", 2, new RamBlockOptions { MaxLengthBytes = 8 * Page });
        _machine.AddBlock("private", 1, new RamBlockOptions { IsMigratable = false });

        StreamFormatException refusal = Refuse(stream, SectionType.Start);

        Assert.Equal(offset, refusal.Offset);
        Assert.Contains(words, refusal.Message, StringComparison.Ordinal);
    }

    /// <summary>A record, where it is refused, and words that the refusal must have.</summary>
    public static TheoryData<string, byte[], long, string> BadRecords()
    {
        var data = new TheoryData<string, byte[], long, string>();
        foreach (ulong flags in new ulong[] { 0x000, 0x001, 0x00a, 0x020, 0x030, 0x024, 0x048, 0x400, 0x800, 0xfff, 0x009, 0x2a0 })
            data.Add($"flags {flags:x}", new RamStreamBytes().U64(flags).ToArray(), 0, $"0x{flags:x}");
        data.Add("EOS with an address", new RamStreamBytes().U64(0x1010).ToArray(), 0, "0x1010");
        data.Add("FLUSH with an address", new RamStreamBytes().U64(0x1200).ToArray(), 0, "0x1200");
        data.Add("CONTINUE first", new RamStreamBytes().U64(0x028).Fill(0, Page).ToArray(), 0, "none came before");
        data.Add("unknown block", new RamStreamBytes().U64(0x008).Name("pc.ram").Fill(0, Page).ToArray(), 8, "pc.ram");
        data.Add("block that is not migrated", new RamStreamBytes().U64(0x008).Name("private").Fill(0, Page).ToArray(), 8, "private");
        data.Add("address = length", new RamStreamBytes().U64(0x4008).Name("flash").Fill(0, Page).ToArray(), 0, "0x4000");
        data.Add("address far outside", new RamStreamBytes().U64(0xfffffffffffff002).Name("flash").Bytes(0).ToArray(), 0, "0xfffffffffffff000");
        data.Add("fill byte 1", new RamStreamBytes().U64(0x002).Name("flash").Bytes(1).ToArray(), 14, "found 1");
        data.Add("XBZRLE encoding 2", new RamStreamBytes().U64(0x040).Name("flash").Hex("020001aa").ToArray(), 14, "found 2");
        data.Add("XBZRLE length 4097", new RamStreamBytes().U64(0x040).Name("flash").Hex("011001").Fill(0, 4097).ToArray(), 15, "4097");
        data.Add("XBZRLE empty run", new RamStreamBytes().U64(0x040).Name("flash").Hex("01000505000501aa").ToArray(), 18, "empty run");
        data.Add("compressed, too long", new RamStreamBytes().U64(0x100).Name("flash").Hex("0000100e").Fill(0, 4110).ToArray(), 14, "4110");
        data.Add("compressed, no zlib", new RamStreamBytes().U64(0x100).Name("flash").Hex("00000004 01020304").ToArray(), 18, "inflate");
        data.Add("compressed, with a dictionary", new RamStreamBytes().U64(0x100).Name("flash").Hex("00000006 782000000001").ToArray(), 18, "inflate");
        data.Add("compressed, short", Compressed(Filled(1, Page - 1)), 18, "4095");
        data.Add("compressed, long", Compressed(Filled(1, Page + 1)), 18, "more than a page");
        data.Add("block list in PART", new RamStreamBytes().U64(0x4004).Name("flash").U64(0x4000).ToArray(), 0, "START");
        return data;
    }

    [Theory]
    [MemberData(nameof(BadRecords))]
    public void Read_BadRecord_IsRefusedWithItsOffset(string name, byte[] stream, long offset, string words)
    {
        Assert.NotEmpty(name);
        _machine.AddBlock("private", 1, new RamBlockOptions { IsMigratable = false });

        StreamFormatException refusal = Refuse(stream, SectionType.Part);

        Assert.Equal(offset, refusal.Offset);
        Assert.Contains(words, refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(5)]
    public void Read_OtherVersion_IsRefused(uint version)
    {
        using var incoming = new IncomingRam(_machine.Memory, new RamOptions());

        StreamFormatException refusal = Assert.Throws<StreamFormatException>(
            () => incoming.Read(MigrationReader.FromMemory(new byte[8]), version, SectionType.Start));

        Assert.Equal("4", refusal.Expected);
    }

    [Fact]
    public void Read_TruncatedAtEveryByte_IsRefusedAsEndOfStream()
    {
        byte[] compressed = Compress(Filled(3, Page));
        byte[] stream = new RamStreamBytes()
            .U64(0x14004).Name("ram").U64(0x10000).Name("flash").U64(0x4000)
            .U64(0x1002).Name("ram").Bytes(0)
            .U64(0x2028).Fill(5, Page)
            .U64(0x2060).Hex("01 0004 00020909")
            .U64(0x0100).Name("flash").Hex("000000").Bytes((byte)compressed.Length).Bytes(compressed)
            .U64(0x200)
            .EndOfSection().ToArray();
        Load(stream, SectionType.Start);

        for (int length = 0; length < stream.Length; length++)
        {
            StreamFormatException refusal = Refuse(stream[..length], SectionType.Start);
            Assert.Contains("unexpected end of stream", refusal.Message, StringComparison.Ordinal);
            Assert.InRange(refusal.Offset, 0, length);
        }
    }

    [Fact]
    public void Read_AnyBytes_AreAcceptedOrRefusedAndNothingElse()
    {
        Gen<byte[]> words = Gen.OneOf(
            Gen.Elements<ulong>(0x10, 0x8, 0x28, 0x2, 0x22, 0x40, 0x60, 0x100, 0x120, 0x200, 0x80, 0x4004, 0x1028, 0x3022).Select(BigEndian),
            Gen.Elements("ram", "flash", "").Select(name => new RamStreamBytes().Name(name).ToArray()),
            Gen.Choose(0, 255).Select(b => (byte)b).ArrayOf(9),
            Gen.Constant(new byte[Page]));
        Prop.ForAll(words.ListOf(12).Select(pieces => pieces.SelectMany(piece => piece).ToArray()).ToArbitrary(), stream =>
        {
            using var incoming = new IncomingRam(_machine.Memory, new RamOptions());
            try
            {
                incoming.Read(MigrationReader.FromMemory(stream), 4, SectionType.Start);
            }
            catch (StreamFormatException refusal)
            {
                return refusal.Offset >= 0 && refusal.Offset <= stream.Length;
            }

            return true;
        }).QuickCheckThrowOnFailure();
    }

    private static byte[] BigEndian(ulong value) => new RamStreamBytes().U64(value).ToArray();

    private static byte[] Filled(byte value, int count)
    {
        byte[] bytes = new byte[count];
        Array.Fill(bytes, value);
        return bytes;
    }

    private static byte[] Compress(byte[] bytes)
    {
        using var output = new MemoryStream();
        using (var zlib = new ZLibStream(output, CompressionLevel.Fastest, leaveOpen: true))
            zlib.Write(bytes);
        return output.ToArray();
    }

    private static byte[] Compressed(byte[] bytes)
    {
        byte[] data = Compress(bytes);
        return new RamStreamBytes().U64(0x100).Name("flash").Hex("000000").Bytes((byte)data.Length).Bytes(data).ToArray();
    }

    private static void AssertPage(RamBlock block, ulong page, byte[] expected) =>
        Assert.Equal(expected, block.GetSpan(new PageIndex(page).ToRamOffset(), Page).ToArray());

    private IncomingRam Load(byte[] stream, SectionType type)
    {
        var incoming = new IncomingRam(_machine.Memory, new RamOptions());
        incoming.Read(MigrationReader.FromMemory(stream), 4, type);
        incoming.Dispose();
        return incoming;
    }

    private StreamFormatException Refuse(byte[] stream, SectionType type) =>
        Assert.Throws<StreamFormatException>(() => Load(stream, type));

    private static byte[] Deflate(byte[] bytes, CompressionLevel level)
    {
        using var output = new MemoryStream();
        using (var zlib = new ZLibStream(output, level, leaveOpen: true))
            zlib.Write(bytes);
        return output.ToArray();
    }
}
