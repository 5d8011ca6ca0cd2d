using System.Globalization;
using System.Text.Json;
using Godwit.Wire;

namespace Godwit.Snapshot;

/// <summary>Reads the JSON description; equal keys are kept in order, unknown ones passed over, depth is bounded.</summary>
/// <remarks>
/// A queue of six elements is one object with vmsd_name, version and fields six times, which a parser into a dictionary
/// would lose (docs/formats/vmstate.md, "JSON").
/// </remarks>
internal sealed class DescriptionParser
{
    private const int MaxJsonDepth = 256;

    private readonly Dictionary<string, string> _names = new(StringComparer.Ordinal);

    public static StreamDescription Parse(ReadOnlySpan<byte> json, long fileOffset)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = MaxJsonDepth });
        try
        {
            StreamDescription description = new DescriptionParser().ReadDocument(ref reader);
            if (reader.Read())
                throw new JsonException("text after the document");
            return description;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or FormatException)
        {
            // GetString refuses invalid UTF-8 with an InvalidOperationException.
            throw new StreamFormatException(
                "the description is not valid: " + FirstLine(error.Message), fileOffset + reader.BytesConsumed, "vmdescription", "JSON", null);
        }
    }

    private StreamDescription ReadDocument(ref Utf8JsonReader reader)
    {
        var description = new StreamDescription();
        reader.Read();
        Expect(ref reader, JsonTokenType.StartObject);
        while (NextKey(ref reader, out string key))
        {
            switch (key)
            {
                case "configuration":
                    description.Configuration = ReadBody(ref reader);
                    break;
                case "page_size":
                    description.PageSize = ReadNumber(ref reader);
                    break;
                case "devices":
                    Expect(ref reader, JsonTokenType.StartArray);
                    while (NextElement(ref reader))
                        description.Devices.Add(ReadDevice(ref reader));
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }

        return description;
    }

    private DescribedDevice ReadDevice(ref Utf8JsonReader reader)
    {
        var device = new DescribedDevice();
        Expect(ref reader, JsonTokenType.StartObject);
        while (NextKey(ref reader, out string key))
        {
            switch (key)
            {
                case "name":
                    device.Name = ReadText(ref reader);
                    break;
                case "instance_id":
                    device.InstanceId = ReadNumber(ref reader);
                    break;
                case "size":
                    device.OpaqueSize = ReadNumber(ref reader);
                    break;
                default:
                    if (!ReadBodyKey(ref reader, key, device.Body))
                        reader.Skip();
                    break;
            }
        }

        return device;
    }

    private DescribedBody ReadBody(ref Utf8JsonReader reader)
    {
        var body = new DescribedBody();
        Expect(ref reader, JsonTokenType.StartObject);
        while (NextKey(ref reader, out string key))
        {
            if (!ReadBodyKey(ref reader, key, body))
                reader.Skip();
        }

        return body;
    }

    private bool ReadBodyKey(ref Utf8JsonReader reader, string key, DescribedBody body)
    {
        switch (key)
        {
            case "vmsd_name":
                body.Name = ReadText(ref reader);
                return true;
            case "version":
                body.Version = ReadNumber(ref reader);
                return true;
            case "fields":
                Expect(ref reader, JsonTokenType.StartArray);
                while (NextElement(ref reader))
                    body.Fields.Add(ReadField(ref reader));
                return true;
            case "subsections":
                body.Subsections ??= [];
                Expect(ref reader, JsonTokenType.StartArray);
                while (NextElement(ref reader))
                    body.Subsections.Add(ReadBody(ref reader));
                return true;
            default:
                return false;
        }
    }

    private DescribedField ReadField(ref Utf8JsonReader reader)
    {
        var field = new DescribedField();
        Expect(ref reader, JsonTokenType.StartObject);
        while (NextKey(ref reader, out string key))
        {
            switch (key)
            {
                case "name":
                    field.Name = ReadText(ref reader);
                    break;
                case "type":
                    field.Type = ReadText(ref reader);
                    break;
                case "array_len":
                    field.ArrayLength = ReadNumber(ref reader);
                    break;
                case "index":
                    field.Index = ReadNumber(ref reader);
                    break;
                case "size":
                    field.Size = ReadNumber(ref reader);
                    break;
                case "struct":
                    (field.Bodies ??= []).Add(ReadBody(ref reader));
                    break;
                case "vmsd_name":
                    (field.Bodies ??= []).Add(new DescribedBody { Name = ReadText(ref reader) });
                    break;
                default:
                    if (field.Bodies is not [.., DescribedBody last] || !ReadBodyKey(ref reader, key, last))
                        reader.Skip();
                    break;
            }
        }

        return field;
    }

    private bool NextKey(ref Utf8JsonReader reader, out string key)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.EndObject)
        {
            key = "";
            return false;
        }

        Expect(ref reader, JsonTokenType.PropertyName);
        key = ReadText(ref reader);
        reader.Read();
        return true;
    }

    private static bool NextElement(ref Utf8JsonReader reader)
    {
        reader.Read();
        return reader.TokenType != JsonTokenType.EndArray;
    }

    private static long ReadNumber(ref Utf8JsonReader reader)
    {
        Expect(ref reader, JsonTokenType.Number);
        return reader.TryGetInt64(out long value)
            ? value
            : throw new JsonException("number out of range");
    }

    /// <summary>Names and types repeat thousands of times: one string each.</summary>
    private string ReadText(ref Utf8JsonReader reader)
    {
        if (reader.TokenType is not (JsonTokenType.String or JsonTokenType.PropertyName))
            throw new JsonException("expected a string");
        string text = reader.GetString()!;
        if (_names.TryGetValue(text, out string? known))
            return known;
        _names.Add(text, text);
        return text;
    }

    private static void Expect(ref Utf8JsonReader reader, JsonTokenType type)
    {
        if (reader.TokenType != type)
            throw new JsonException(string.Create(CultureInfo.InvariantCulture, $"expected {type}, found {reader.TokenType}"));
    }

    private static string FirstLine(string text)
    {
        int end = text.AsSpan().IndexOfAny('\r', '\n');
        return end < 0 ? text : text[..end];
    }
}
