using System.Text;
using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;

namespace Godwit.Qmp.Tests;

public sealed class QmpJsonReaderTests
{
    // Captured from qemu-system-riscv64 10.0.2: each input on a fresh connection, all descriptions in order.
    public static TheoryData<string, string[]> CapturedErrors => new()
    {
        { "{\"execute\":}", ["JSON parse error, expecting value"] },
        { "{\"execute\" \"x\"}", ["JSON parse error, missing : in object pair"] },
        { "{\"execute\":\"a\",}", ["JSON parse error, expecting value"] },
        { "{\"execute\":\"a\"]", ["JSON parse error, expected separator in dict"] },
        { "}", ["JSON parse error, expecting value"] },
        { "foo\n", ["JSON parse error, invalid keyword 'foo'"] },
        { "{\"a\":1,\"a\":2}", ["JSON parse error, duplicate key"] },
        { "\u0001", ["JSON parse error, stray '\u0001'"] },
        { "{\"a\":\"\\ud83d\"}", ["JSON parse error, \\ud83d is not a valid Unicode character"] },
        { "{\"a\":\"\\u12\"}", ["JSON parse error, \\u12\" is not a valid Unicode character"] },
        { "{'a\\qb':1}", ["JSON parse error, invalid escape sequence in string"] },
        { "[1 2]", ["JSON parse error, expected separator in list"] },
        { "[1,]", ["JSON parse error, expecting value"] },
        { "[1,2}", ["JSON parse error, expected separator in list"] },
        { "{1:2}", ["JSON parse error, key is not a string in object"] },
        { "{\"execute\":\"a\u0001", ["JSON parse error, stray '\"a\u0001'"] },
        { "01\n", ["JSON parse error, stray '01'"] },
        { "1.\n", ["JSON parse error, stray '1.\n'"] },
        { "1e\n", ["JSON parse error, stray '1e\n'"] },
        { "{\"a\":@}", ["JSON parse error, stray '@'", "JSON parse error, expecting value"] },
        { "@ foo\n", ["JSON parse error, stray '@'"] },
        { "@\tfoo\n", ["JSON parse error, stray '@'"] },
        { "@\"foo\n", ["JSON parse error, stray '@'"] },
        { "@\rfoo\n", ["JSON parse error, stray '@'", "JSON parse error, invalid keyword 'foo'"] },
        { "@,foo\n", ["JSON parse error, stray '@'", "JSON parse error, expecting value", "JSON parse error, invalid keyword 'foo'"] },
        { "@]foo\n", ["JSON parse error, stray '@'", "JSON parse error, expecting value", "JSON parse error, invalid keyword 'foo'"] },
        { "@{foo\n", ["JSON parse error, stray '@'"] },
        { "@\u0002", ["JSON parse error, stray '@'", "JSON parse error, stray '\u0002'"] },
    };

    [Theory]
    [MemberData(nameof(CapturedErrors))]
    public void TryRead_NotJson_GivesTheTextsOfQemu(string input, string[] expected) =>
        Assert.Equal(expected, ReadAll(Encoding.UTF8.GetBytes(input)).Select(i => i.Error));

    [Fact]
    public void TryRead_BytesThatAreNeverUtf8_AreLexicalErrors()
    {
        Assert.Equal(["JSON parse error, stray '\uFFFD'"], ReadAll([0xff]).Select(i => i.Error));
        Assert.Equal(
            ["JSON parse error, stray '\"\uFFFD'", "JSON parse error, expecting value"],
            ReadAll([.. "{\"a\":\""u8, 0xfe, .. "\"}"u8]).Select(i => i.Error));
        Assert.Equal(
            ["JSON parse error, invalid UTF-8 sequence in string"], ReadAll([.. "\""u8, 0xed, 0xa0, 0x80, .. "\""u8]).Select(i => i.Error));
    }

    [Theory]
    [InlineData("{\"a\":[1.5,1e3,-0,-0.0,1e20]}", "{\"a\": [1.5, 1000, 0, -0, 1e+20]}")]
    [InlineData("[18446744073709551615,18446744073709551616]", "[18446744073709551615, 1.8446744073709552e+19]")]
    [InlineData("[0.1,123456789.5,9.9999999999999995e-08,1.50]", "[0.10000000000000001, 123456789.5, 9.9999999999999995e-08, 1.5]")]
    [InlineData("[-9223372036854775808,9223372036854775807]", "[-9223372036854775808, 9223372036854775807]")]
    [InlineData("['it\\'s',\"\\'\"]", "[\"it's\", \"'\"]")]
    [InlineData("\"\\ud83d\\ude00/\\u0000\\u007f\"", "\"\\uD83D\\uDE00/\\u0000\\u007F\"")]
    [InlineData("\"\U0001F600\u00e9\"", "\"\\uD83D\\uDE00\\u00E9\"")]
    [InlineData("{} ", "{}")]
    [InlineData("[true,false,null,[]]", "[true, false, null, []]")]
    [InlineData("\"\\b\\f\\n\\r\\t\\\"\\\\\\/\"", "\"\\b\\f\\n\\r\\t\\\"\\\\/\"")]
    public void TryRead_Value_EchoesAsQemuPrintsIt(string input, string echoed)
    {
        QmpJsonInput value = Assert.Single(ReadAll(Encoding.UTF8.GetBytes(input)));
        Assert.Null(value.Error);
        Assert.Equal(echoed, QmpJsonWriter.Format(value.Value));
    }

    [Fact]
    public void TryRead_ByteByByte_GivesTheSameAsInOnePiece()
    {
        byte[] input = Encoding.UTF8.GetBytes("{\"execute\":\"a\"}{'b':1.5e3}[1,2] 12\nfoo\n@x\n{\"c\":null}");
        IEnumerable<string> whole = ReadAll(input).Select(Describe);
        var reader = new QmpJsonReader();
        var single = new List<string>();
        foreach (byte b in input)
        {
            ReadOnlySpan<byte> one = [b];
            while (reader.TryRead(ref one, out QmpJsonInput item))
                single.Add(Describe(item));
        }

        Assert.Equal(whole, single);
        Assert.Equal(7, single.Count);
    }

    [Fact]
    public void TryRead_CompleteValue_NeedsNoByteBehindIt()
    {
        Assert.Single(ReadAll("{\"execute\":\"x\"}"u8));
        Assert.Empty(ReadAll("123"u8));
        Assert.Empty(ReadAll("true"u8));
    }

    [Theory]
    [InlineData(1024, false)]
    [InlineData(1025, true)]
    public void TryRead_DeepValue_IsRefusedBeyondTheLimit(int depth, bool refused)
    {
        byte[] input = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("[", depth)) + string.Concat(Enumerable.Repeat("]", depth)));
        QmpJsonInput first = ReadAll(input)[0];
        Assert.Equal(refused ? "JSON nesting depth limit exceeded" : null, first.Error);
        if (!refused)
            Assert.Equal(depth * 2, QmpJsonWriter.Format(first.Value).Length);
    }

    [Fact]
    public void TryRead_ManyTokens_AreRefusedBeyondTheLimit()
    {
        var limits = new QmpJsonLimits(16, 100, 1000);
        Assert.Null(ReadAll(Encoding.ASCII.GetBytes("[" + string.Join(',', Enumerable.Repeat("1", 49)) + "]"), limits)[0].Error);
        Assert.Equal(
            "JSON token count limit exceeded", ReadAll(Encoding.ASCII.GetBytes("[" + string.Join(',', Enumerable.Repeat("1", 60))), limits)[0].Error);
    }

    [Fact]
    public void TryRead_EndlessString_IsRefusedAtTheLimitAndReadingGoesOn()
    {
        var limits = new QmpJsonLimits(16, 100, 1000);
        var reader = new QmpJsonReader(limits);
        ReadOnlySpan<byte> endless = Encoding.ASCII.GetBytes("\"" + new string('x', 1001));
        Assert.True(reader.TryRead(ref endless, out QmpJsonInput refused));
        Assert.Equal("JSON token size limit exceeded", refused.Error);
        ReadOnlySpan<byte> next = "\u0001\n{\"a\":1}"u8;
        Assert.True(reader.TryRead(ref next, out _));
        Assert.True(reader.TryRead(ref next, out QmpJsonInput value));
        Assert.Equal("{\"a\": 1}", QmpJsonWriter.Format(value.Value));
    }

    [Fact]
    public void TryRead_AnyValue_SurvivesWritingAndReading() =>
        Prop.ForAll(Values().ToArbitrary(), text =>
        {
            QmpJsonInput first = ReadAll(Encoding.UTF8.GetBytes(text + "\n"))[0];
            string printed = QmpJsonWriter.Format(first.Value);
            QmpJsonInput second = ReadAll(Encoding.UTF8.GetBytes(printed + "\n"))[0];
            return first.Error is null && second.Error is null && printed == QmpJsonWriter.Format(second.Value) && printed.All(c => c is >= ' ' and < (char)0x7f);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void TryRead_MutatedBytes_NeverThrowAndAlwaysResynchronise() =>
        Prop.ForAll(Values().ToArbitrary(), ArbMap.Default.ArbFor<byte[]>(), ArbMap.Default.ArbFor<int>(), (text, noise, at) =>
        {
            byte[] bytes = Encoding.UTF8.GetBytes(text);
            int cut = (int)((uint)at % (uint)(bytes.Length + 1));
            var reader = new QmpJsonReader(new QmpJsonLimits(32, 1000, 4096));
            ReadOnlySpan<byte> input = [.. bytes.AsSpan(0, cut), .. noise ?? [], .. bytes.AsSpan(cut)];
            while (reader.TryRead(ref input, out _))
            {
            }

            // One byte that is never right gives at most one error (none while skipping is under way), and then a request is understood.
            ReadOnlySpan<byte> reset = "\u0001\n{\"execute\":\"stop\"}"u8;
            var seen = new List<QmpJsonInput>();
            while (reader.TryRead(ref reset, out QmpJsonInput item))
                seen.Add(item);
            return seen.Count is 2 or 3 && seen[^2].IsError && QmpJsonWriter.Format(seen[^1].Value) == "{\"execute\": \"stop\"}";
        }).QuickCheckThrowOnFailure();

    private static Gen<string> Values() => Gen.Sized(size => Value(Math.Min(size, 12)));

    private static Gen<string> Value(int size)
    {
        Gen<string> scalar = Gen.OneOf(
            Gen.Elements("null", "true", "false", "0", "-1", "1.25", "1e300", "18446744073709551615", "-9223372036854775808"),
            ArbMap.Default.GeneratorFor<long>().Select(l => l.ToString(System.Globalization.CultureInfo.InvariantCulture)),
            ArbMap.Default.GeneratorFor<NonNull<string>>().Select(s => Quote(s.Get)));
        if (size <= 0)
            return scalar;
        Gen<string> inner = Value(size / 3);
        return Gen.OneOf(
            scalar,
            inner.ListOf().Select(items => "[" + string.Join(" ,\n", items) + "]"),
            inner.ListOf().Select(items => "{" + string.Join(",", items.Select((item, i) => $"\"k{i}\" : {item}")) + "}"));
    }

    private static string Quote(string text) => QmpJsonWriter.Format(JsonValue.Create(text));

    private static string Describe(QmpJsonInput item) => item.Error ?? QmpJsonWriter.Format(item.Value);

    private static List<QmpJsonInput> ReadAll(ReadOnlySpan<byte> input, QmpJsonLimits? limits = null)
    {
        var reader = new QmpJsonReader(limits);
        var result = new List<QmpJsonInput>();
        while (reader.TryRead(ref input, out QmpJsonInput item))
            result.Add(item);
        return result;
    }
}
