using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Unicode;
using Godwit.Qmp;

namespace Godwit.Fuzz;

/// <summary>The JSON of a monitor: any bytes are values and errors, however they are cut. Byte 0 chooses where they are cut.</summary>
internal sealed class QmpJsonTarget : FuzzTarget
{
    private const int MaxDepth = 1024;

    public override string Name => "qmp-json";

    public override SeedInput MakeSeed(FuzzRandom random)
    {
        var bytes = new SeedBuilder(random.NextByte());
        if (random.OneIn(24))
        {
            int depth = random.Between(MaxDepth - 20, MaxDepth);
            return bytes.Piece().Bytes(Encoding.ASCII.GetBytes(new string('[', depth) + new string(']', depth))).Build();
        }

        for (int values = random.Between(1, 3); values > 0; values--)
        {
            bytes.Piece();
            WriteValue(random, bytes, depth: 4);
            bytes.Bytes("\n"u8);
        }

        return bytes.Build();
    }

    public override bool Fuzz(ReadOnlySpan<byte> input)
    {
        int longestPiece = input.IsEmpty ? 1 : 1 + (input[0] & 15);
        byte[] bytes = [.. input.IsEmpty ? input : input[1..], (byte)' '];
        List<QmpJsonInput> whole = Read(bytes, bytes.Length);
        List<QmpJsonInput> cut = Read(bytes, longestPiece);
        CheckEqual(Describe(whole), Describe(cut), "what is read depends on where it is cut");
        foreach (QmpJsonInput read in whole)
        {
            if (!read.IsError)
                CheckWritten(read.Value);
        }

        CheckAgainstBaseLibrary(bytes, whole);
        LastRefusal = whole.Find(read => read.IsError).Error;
        return LastRefusal is null && whole.Count > 0;
    }

    private static List<QmpJsonInput> Read(ReadOnlySpan<byte> bytes, int longestPiece)
    {
        var reader = new QmpJsonReader();
        var all = new List<QmpJsonInput>();
        while (!bytes.IsEmpty)
        {
            ReadOnlySpan<byte> piece = bytes[..Math.Min(longestPiece, bytes.Length)];
            bytes = bytes[piece.Length..];
            while (reader.TryRead(ref piece, out QmpJsonInput read))
                all.Add(read);
        }

        return all;
    }

    private static string Describe(List<QmpJsonInput> all) =>
        string.Join('\n', all.Select(read => read.IsError ? "error " + read.Error : QmpJsonWriter.Format(read.Value)));

    private static void CheckWritten(JsonNode? value)
    {
        string text = QmpJsonWriter.Format(value);
        Check(Ascii.IsValid(text), "the output is not ASCII");
        List<QmpJsonInput> again = Read(Encoding.ASCII.GetBytes(text + ' '), int.MaxValue);
        Check(again.Count == 1 && !again[0].IsError, "the output cannot be read again: " + text);
        CheckEqual(text, QmpJsonWriter.Format(again[0].Value), "a value differs after it was written and read again");
    }

    private static void CheckAgainstBaseLibrary(byte[] bytes, List<QmpJsonInput> all)
    {
        // The base library looks at the bytes of a string only when it is asked for them.
        if (!Utf8.IsValid(bytes))
            return;
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(bytes);
        }
        catch (JsonException)
        {
            return;
        }

        using (document)
        {
            Check(all.Count == 1, $"one value was read as {all.Count}");
            string? error = all[0].Error;
            if (error is null)
                Check(IsSame(document.RootElement, all[0].Value), "a value differs from the base library's");
            else
                Check(error.Contains("duplicate key", StringComparison.Ordinal) || error.Contains("Unicode", StringComparison.Ordinal), "valid JSON was refused: " + error);
        }
    }

    private static bool IsSame(JsonElement expected, JsonNode? found) => expected.ValueKind switch
    {
        JsonValueKind.Object => found is JsonObject members
            && expected.EnumerateObject().Count() == members.Count
            && expected.EnumerateObject().All(member => members.TryGetPropertyValue(member.Name, out JsonNode? value) && IsSame(member.Value, value)),
        JsonValueKind.Array => found is JsonArray elements
            && expected.GetArrayLength() == elements.Count
            && expected.EnumerateArray().Zip(elements).All(pair => IsSame(pair.First, pair.Second)),
        JsonValueKind.String => found is JsonValue text && text.TryGetValue(out string? value) && value == expected.GetString(),
        JsonValueKind.Number => found is JsonValue && IsSameNumber(expected, found),
        JsonValueKind.Null => found is null,
        _ => found is JsonValue truth && truth.TryGetValue(out bool isTrue) && isTrue == expected.GetBoolean(),
    };

    private static bool IsSameNumber(JsonElement expected, JsonNode found)
    {
        if (found.TryGetInteger(out Int128 integer))
            return Int128.TryParse(expected.GetRawText(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out Int128 same) && same == integer;
        return found.GetValue<double>().Equals(expected.GetDouble());
    }

    private static void WriteValue(FuzzRandom random, SeedBuilder bytes, int depth)
    {
        switch (random.Next(depth > 0 ? 6 : 3))
        {
            case 0:
                bytes.Bytes(Encoding.UTF8.GetBytes(random.Pick(
                    "0", "-0", "12", "-7", "1.5", "2e3", "1E-4", "18446744073709551615", "9223372036854775808", "-9223372036854775809", "1e400", "0.1")));
                break;
            case 1:
                WriteString(random, bytes);
                break;
            case 2:
                bytes.Bytes(Encoding.UTF8.GetBytes(random.Pick("true", "false", "null")));
                break;
            case 3:
                bytes.Bytes("["u8);
                for (int i = random.Next(4); i > 0; i--)
                {
                    WriteValue(random, bytes, depth - 1);
                    if (i > 1)
                        bytes.Bytes(", "u8);
                }

                bytes.Bytes("]"u8);
                break;
            default:
                WriteObject(random, bytes, depth);
                break;
        }
    }

    private static void WriteObject(FuzzRandom random, SeedBuilder bytes, int depth)
    {
        ReadOnlySpan<string> names = ["execute", "arguments", "id", "b", ""];
        bytes.Bytes("{"u8);
        for (int count = random.Next(names.Length), i = 0; i < count; i++)
        {
            bytes.Bytes(i == 0 ? ""u8 : ","u8).Bytes(Encoding.UTF8.GetBytes($"\"{names[i]}\": "));
            WriteValue(random, bytes, depth - 1);
        }

        bytes.Bytes("}"u8);
    }

    private static void WriteString(FuzzRandom random, SeedBuilder bytes)
    {
        byte quote = random.OneIn(4) ? (byte)'\'' : (byte)'"';
        bytes.U8(quote);
        for (int i = random.Next(4); i > 0; i--)
        {
            bytes.Bytes(Encoding.UTF8.GetBytes(random.Pick(
                "migrate", "\\n", "\\u00e9", "\\ud83d\\ude00", "\\\\", "\\\"", "é", "€", "😀", "\\u0000", " ")));
        }

        bytes.U8(quote);
    }
}
