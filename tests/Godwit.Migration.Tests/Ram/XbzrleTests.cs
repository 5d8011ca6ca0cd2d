using FsCheck;
using FsCheck.Fluent;

namespace Godwit.Migration.Tests.Ram;

public sealed class XbzrleTests
{
    private const int Page = XbzrleFormat.PageBytes;

    /// <summary>Old page all zero; what changed; the encoding's first bytes; its length. From docs/formats/ram.md.</summary>
    public static TheoryData<string, byte[], int> WorkedExamples => new()
    {
        { "two runs", Convert.FromHexString("0a02aabba0020101"), 8 },
        { "both ends", Convert.FromHexString("000111fe1f0122"), 7 },
        { "200 bytes", Convert.FromHexString("c801c8015a5a"), 204 },
        { "every 4th", Convert.FromHexString("000107030107"), 3072 },
        { "every 3rd", [], XbzrleFormat.Overflow },
        { "every 2nd", [], XbzrleFormat.Overflow },
        { "4092 then equal", [], XbzrleFormat.Overflow },
        { "unchanged", [], XbzrleFormat.Unchanged },
    };

    [Theory]
    [MemberData(nameof(WorkedExamples))]
    public void Encode_WorkedExample_GivesItsBytes(string name, byte[] start, int length)
    {
        byte[] page = ExamplePage(name);
        byte[] output = new byte[Page];

        int encoded = XbzrleEncoder.Encode(new byte[Page], page, output);

        Assert.Equal(length, encoded);
        Assert.Equal(start, output[..start.Length]);
        Assert.Equal(length, XbzrleEncoder.EncodeScalar(new byte[Page], page, output));
        Assert.Equal(start, output[..start.Length]);
    }

    /// <summary>Records that real peers sent: one byte at 3472; and two with several runs.</summary>
    [Theory]
    [InlineData("901b0133")]
    [InlineData("81100100d107023734")]
    [InlineData("c003012cab1a013263012d")]
    public void Encode_PageRebuiltFromCapturedRecord_GivesTheRecord(string hex)
    {
        byte[] record = Convert.FromHexString(hex);
        byte[] old = new byte[Page];
        Array.Fill(old, (byte)0xee); // differs from every byte in the records
        byte[] page = [.. old];
        byte[] output = new byte[Page];

        XbzrleDecodeStatus status = XbzrleDecoder.Decode(record, page, out _);
        int length = XbzrleEncoder.Encode(old, page, output);

        Assert.Equal(XbzrleDecodeStatus.Ok, status);
        Assert.Equal(record, output[..length]);
    }

    [Theory]
    [InlineData(4094, XbzrleFormat.Overflow)] // 3 bytes of lengths and 4094 new ones
    [InlineData(4093, XbzrleFormat.Overflow)] // 4096 bytes fit, but the test for the equal rest comes first
    [InlineData(4092, XbzrleFormat.Overflow)]
    [InlineData(4091, 4094)] // 4094 + 2 is exactly a page
    [InlineData(4096, XbzrleFormat.Overflow)]
    public void Encode_LongNewRunAtTheStart_OverflowsAtTheStatedLength(int changed, int expected)
    {
        byte[] page = new byte[Page];
        page.AsSpan(0, changed).Fill(1);
        byte[] output = new byte[Page];

        Assert.Equal(expected, XbzrleEncoder.Encode(new byte[Page], page, output));
        Assert.Equal(expected, XbzrleEncoder.EncodeScalar(new byte[Page], page, output));
    }

    [Fact]
    public void Encode_NewRunUpToThePageEndThatJustFits_IsNotAnOverflow()
    {
        // Two bytes of equal run, two of new run, 4092 new bytes: the page is full, and nothing follows.
        byte[] page = new byte[Page];
        page.AsSpan(4).Fill(1);
        byte[] output = new byte[Page];

        int length = XbzrleEncoder.Encode(new byte[Page], page, output);

        Assert.Equal(1 + 2 + 4092, length);
        Assert.Equal(new byte[] { 4, 0xfc, 0x1f, 1 }, output[..4]);
    }

    [Fact]
    public void Encode_AnyPairOfPages_EqualsTheScalarTwinAndDecodesBack()
    {
        Prop.ForAll(PagePairs().ToArbitrary(), pair =>
        {
            byte[] output = new byte[Page];
            byte[] scalarOutput = new byte[Page];
            int length = XbzrleEncoder.Encode(pair.Old, pair.New, output);
            int scalarLength = XbzrleEncoder.EncodeScalar(pair.Old, pair.New, scalarOutput);
            if (length != scalarLength)
                return false;
            if (length == XbzrleFormat.Overflow)
                return true;
            byte[] decoded = [.. pair.Old];
            return output.AsSpan(0, length).SequenceEqual(scalarOutput.AsSpan(0, length))
                && XbzrleDecoder.Decode(output.AsSpan(0, length), decoded, out _) == XbzrleDecodeStatus.Ok
                && decoded.AsSpan().SequenceEqual(pair.New);
        }).QuickCheckThrowOnFailure();
    }

    [Theory]
    [InlineData("05", XbzrleDecodeStatus.Truncated, 0)]
    [InlineData("0502", XbzrleDecodeStatus.Truncated, 1)]
    [InlineData("8080", XbzrleDecodeStatus.LengthTooLong, 0)]
    [InlineData("058180aa", XbzrleDecodeStatus.LengthTooLong, 1)]
    [InlineData("0500aa", XbzrleDecodeStatus.EmptyNewRun, 1)]
    [InlineData("0501aa0001bb", XbzrleDecodeStatus.EmptyEqualRun, 3)]
    [InlineData("0502aa", XbzrleDecodeStatus.BeyondData, 1)]
    [InlineData("812001aa", XbzrleDecodeStatus.BeyondPage, 0)] // equal run of 4097
    [InlineData("802001aa", XbzrleDecodeStatus.BeyondPage, 2)] // equal run of 4096, then one new byte
    public void Decode_HostileBytes_AreRefusedAtTheirRun(string hex, XbzrleDecodeStatus expected, int expectedAt)
    {
        XbzrleDecodeStatus status = XbzrleDecoder.Decode(Convert.FromHexString(hex), new byte[Page], out int failedAt);

        Assert.Equal(expected, status);
        Assert.Equal(expectedAt, failedAt);
    }

    [Fact]
    public void Decode_AnyBytes_NeverFailsOtherwiseThanByStatus()
    {
        Gen<byte[]> bytes = Gen.Choose(0, 255).Select(b => (byte)b).ArrayOf(300);
        Prop.ForAll(bytes.ToArbitrary(), data =>
        {
            XbzrleDecodeStatus status = XbzrleDecoder.Decode(data, new byte[Page], out int failedAt);
            return Enum.IsDefined(status) && failedAt <= data.Length;
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Encode_InALoop_AllocatesNothing()
    {
        byte[] old = new byte[Page];
        byte[] page = ExamplePage("every 4th");
        byte[] output = new byte[Page];
        XbzrleEncoder.Encode(old, page, output);

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
            XbzrleEncoder.Encode(old, page, output);

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    private static byte[] ExamplePage(string name)
    {
        byte[] page = new byte[Page];
        switch (name)
        {
            case "two runs":
                page[10] = 0xaa;
                page[11] = 0xbb;
                page[300] = 1;
                break;
            case "both ends":
                page[0] = 0x11;
                page[4095] = 0x22;
                break;
            case "200 bytes":
                page.AsSpan(200, 200).Fill(0x5a);
                break;
            case "4092 then equal":
                page.AsSpan(0, 4092).Fill(7);
                break;
            case "unchanged":
                break;
            default:
                int step = name[6] - '0';
                for (int i = 0; i < Page; i += step)
                    page[i] = 7;
                break;
        }

        return page;
    }

    /// <summary>Pages that differ in a few runs, in many bytes, or everywhere.</summary>
    private static Gen<(byte[] Old, byte[] New)> PagePairs() =>
        from seed in Gen.Choose(0, int.MaxValue - 1)
        from runs in Gen.Frequency((3, Gen.Choose(0, 12)), (2, Gen.Choose(100, 1400)), (1, Gen.Constant(6000)))
        from longest in Gen.Elements(1, 2, 3, 40, 300)
        select MakePair(seed, runs, longest);

    private static (byte[] Old, byte[] New) MakePair(int seed, int runs, int longest)
    {
        var random = new Random(seed);
        byte[] old = new byte[Page];
        random.NextBytes(old);
        byte[] page = [.. old];
        for (int i = 0; i < runs; i++)
        {
            int start = random.Next(Page);
            int end = Math.Min(Page, start + random.Next(1, longest + 1));
            for (int at = start; at < end; at++)
                page[at] ^= (byte)random.Next(256);
        }

        return (old, page);
    }
}
