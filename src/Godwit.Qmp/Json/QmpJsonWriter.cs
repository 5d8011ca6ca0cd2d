using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Godwit.Qmp;

/// <summary>Prints JSON as a QEMU monitor does: pure ASCII, <c>", "</c> and <c>": "</c> as separators, one line that ends in CR LF.</summary>
/// <remarks>See <c>docs/formats/qmp.md</c>, "Output". Doubles are printed with 17 significant digits.</remarks>
public static class QmpJsonWriter
{
    /// <summary>The bytes of one output line, CR LF included.</summary>
    /// <param name="value">What to print; null prints <c>null</c>.</param>
    /// <param name="pretty">True for the many-line form of <c>pretty=on</c>.</param>
    public static byte[] FormatLine(JsonNode? value, bool pretty = false)
    {
        var output = new ArrayBufferWriter<byte>(256);
        Write(output, value, pretty ? 0 : -1);
        output.Write("\r\n"u8);
        return output.WrittenSpan.ToArray();
    }

    /// <summary>The same text without the line end.</summary>
    /// <param name="value">What to print.</param>
    public static string Format(JsonNode? value)
    {
        var output = new ArrayBufferWriter<byte>(256);
        Write(output, value, indent: -1);
        return Encoding.ASCII.GetString(output.WrittenSpan);
    }

    private static void Write(ArrayBufferWriter<byte> output, JsonNode? value, int indent)
    {
        switch (value)
        {
            case null:
                output.Write("null"u8);
                break;
            case JsonObject members:
                WriteObject(output, members, indent);
                break;
            case JsonArray elements:
                WriteArray(output, elements, indent);
                break;
            case JsonValue scalar:
                WriteScalar(output, scalar);
                break;
        }
    }

    private static void WriteObject(ArrayBufferWriter<byte> output, JsonObject members, int indent)
    {
        output.Write("{"u8);
        bool first = true;
        int inner = indent < 0 ? -1 : indent + 1;
        foreach ((string name, JsonNode? member) in members)
        {
            Separate(output, first, inner);
            first = false;
            WriteString(output, name);
            output.Write(": "u8);
            Write(output, member, inner);
        }

        Close(output, first, indent, "}"u8);
    }

    private static void WriteArray(ArrayBufferWriter<byte> output, JsonArray elements, int indent)
    {
        output.Write("["u8);
        bool first = true;
        int inner = indent < 0 ? -1 : indent + 1;
        foreach (JsonNode? element in elements)
        {
            Separate(output, first, inner);
            first = false;
            Write(output, element, inner);
        }

        Close(output, first, indent, "]"u8);
    }

    private static void Separate(ArrayBufferWriter<byte> output, bool first, int indent)
    {
        if (!first)
            output.Write(indent < 0 ? ", "u8 : ","u8);
        if (indent >= 0)
            NewLine(output, indent);
    }

    private static void Close(ArrayBufferWriter<byte> output, bool empty, int indent, ReadOnlySpan<byte> bracket)
    {
        if (!empty && indent >= 0)
            NewLine(output, indent);
        output.Write(bracket);
    }

    private static void NewLine(ArrayBufferWriter<byte> output, int indent)
    {
        output.Write("\r\n"u8);
        for (int i = 0; i < indent; i++)
            output.Write("    "u8);
    }

    private static void WriteScalar(ArrayBufferWriter<byte> output, JsonValue value)
    {
        switch (value.GetValueKind())
        {
            case JsonValueKind.True:
                output.Write("true"u8);
                break;
            case JsonValueKind.False:
                output.Write("false"u8);
                break;
            case JsonValueKind.String:
                WriteString(output, value.GetValue<string>());
                break;
            case JsonValueKind.Number:
                WriteNumber(output, value);
                break;
            default:
                output.Write("null"u8);
                break;
        }
    }

    private static void WriteNumber(ArrayBufferWriter<byte> output, JsonValue value)
    {
        if (value.TryGetInteger(out Int128 integer))
        {
            Span<byte> text = output.GetSpan(40);
            integer.TryFormat(text, out int length, default, CultureInfo.InvariantCulture);
            output.Advance(length);
            return;
        }

        double number = value.TryGetValue(out double d) ? d : value.TryGetValue(out float f) ? f : (double)value.GetValue<decimal>();
        output.Write(Encoding.ASCII.GetBytes(FormatDouble(number)));
    }

    // C's %.17g; infinities cannot be written in JSON and do not occur in the values of any command.
    private static string FormatDouble(double value) =>
        double.IsFinite(value) ? value.ToString("G17", CultureInfo.InvariantCulture).Replace('E', 'e') : "0";

    private static void WriteString(ArrayBufferWriter<byte> output, string text)
    {
        output.Write("\""u8);
        Span<byte> escape = stackalloc byte[6];
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            ReadOnlySpan<byte> known = c switch
            {
                '"' => "\\\""u8,
                '\\' => "\\\\"u8,
                '\b' => "\\b"u8,
                '\f' => "\\f"u8,
                '\n' => "\\n"u8,
                '\r' => "\\r"u8,
                '\t' => "\\t"u8,
                _ => default,
            };
            if (!known.IsEmpty)
            {
                output.Write(known);
                continue;
            }

            if (c is >= ' ' and < (char)0x7f)
            {
                output.GetSpan(1)[0] = (byte)c;
                output.Advance(1);
                continue;
            }

            bool paired = char.IsHighSurrogate(c) ? i + 1 < text.Length && char.IsLowSurrogate(text[i + 1])
                : !char.IsLowSurrogate(c) || (i > 0 && char.IsHighSurrogate(text[i - 1]));
            escape[0] = (byte)'\\';
            escape[1] = (byte)'u';
            Utf8Formatter.TryFormat((ushort)(paired ? c : 0xfffd), escape[2..], out _, new StandardFormat('X', 4));
            output.Write(escape);
        }

        output.Write("\""u8);
    }
}
