using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace Godwit.Qmp;

/// <summary>Builds one value from the tokens of a balanced run; depth was bounded by the reader.</summary>
internal ref struct QmpJsonParser
{
    private readonly ReadOnlySpan<QmpJsonToken> _tokens;
    private readonly ReadOnlySpan<byte> _text;
    private int _next;
    private string? _error;

    public QmpJsonParser(ReadOnlySpan<QmpJsonToken> tokens, ReadOnlySpan<byte> text)
    {
        _tokens = tokens;
        _text = text;
    }

    public bool TryParse(out JsonNode? value, out string? error)
    {
        bool ok = ParseValue(out value);
        error = ok ? null : QmpJsonErrors.Parse(_error ?? "expecting value");
        return ok;
    }

    private QmpJsonToken Take() => _next < _tokens.Length ? _tokens[_next++] : default;

    private readonly QmpJsonTokenKind PeekKind() => _next < _tokens.Length ? _tokens[_next].Kind : QmpJsonTokenKind.None;

    private bool Fail(string reason)
    {
        _error = reason;
        return false;
    }

    private bool ParseValue(out JsonNode? value)
    {
        value = null;
        QmpJsonToken token = Take();
        switch (token.Kind)
        {
            case QmpJsonTokenKind.OpenBrace:
                return ParseObject(out value);
            case QmpJsonTokenKind.OpenBracket:
                return ParseArray(out value);
            case QmpJsonTokenKind.String:
                if (!ParseString(token, out string text))
                    return false;
                value = JsonValue.Create(text);
                return true;
            case QmpJsonTokenKind.Number:
                value = ParseNumber(Text(token));
                return true;
            case QmpJsonTokenKind.Keyword:
                return ParseKeyword(token, out value);
            default:
                return Fail("expecting value");
        }
    }

    private readonly ReadOnlySpan<byte> Text(QmpJsonToken token) => _text.Slice(token.Start, token.Length);

    private bool ParseKeyword(QmpJsonToken token, out JsonNode? value)
    {
        ReadOnlySpan<byte> word = Text(token);
        value = null;
        if (word.SequenceEqual("null"u8))
            return true;
        if (word.SequenceEqual("true"u8))
            value = JsonValue.Create(true);
        else if (word.SequenceEqual("false"u8))
            value = JsonValue.Create(false);
        else
            return Fail($"invalid keyword '{Encoding.ASCII.GetString(word[..Math.Min(word.Length, 256)])}'");
        return true;
    }

    private bool ParseObject(out JsonNode? value)
    {
        value = null;
        var result = new JsonObject();
        if (PeekKind() == QmpJsonTokenKind.CloseBrace)
        {
            _next++;
            value = result;
            return true;
        }

        while (true)
        {
            QmpJsonToken token = PeekKind() == QmpJsonTokenKind.None ? default : _tokens[_next];
            if (token.Kind != QmpJsonTokenKind.String)
            {
                // A key is read as any value is; what is not a value is reported as such first.
                return !ParseValue(out _) ? false : Fail("key is not a string in object");
            }

            _next++;
            if (!ParseString(token, out string key))
                return false;
            if (Take().Kind != QmpJsonTokenKind.Colon)
                return Fail("missing : in object pair");
            if (!ParseValue(out JsonNode? member))
                return false;
            if (!result.TryAdd(key, member))
                return Fail("duplicate key");
            QmpJsonTokenKind separator = Take().Kind;
            if (separator == QmpJsonTokenKind.CloseBrace)
                break;
            if (separator != QmpJsonTokenKind.Comma)
                return Fail("expected separator in dict");
        }

        value = result;
        return true;
    }

    private bool ParseArray(out JsonNode? value)
    {
        value = null;
        var result = new JsonArray();
        if (PeekKind() == QmpJsonTokenKind.CloseBracket)
        {
            _next++;
            value = result;
            return true;
        }

        while (true)
        {
            if (!ParseValue(out JsonNode? element))
                return false;
            result.Add(element);
            QmpJsonTokenKind separator = Take().Kind;
            if (separator == QmpJsonTokenKind.CloseBracket)
                break;
            if (separator != QmpJsonTokenKind.Comma)
                return Fail("expected separator in list");
        }

        value = result;
        return true;
    }

    // Integers that fit 64 bits, signed or unsigned, stay exact; all else is a double.
    private static JsonValue ParseNumber(ReadOnlySpan<byte> text)
    {
        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long signed))
            return JsonValue.Create(signed);
        if (ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong unsigned))
            return JsonValue.Create(unsigned);
        double number = double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture);
        return JsonValue.Create(number);
    }

    private bool ParseString(QmpJsonToken token, out string value)
    {
        ReadOnlySpan<byte> text = Text(token);
        var result = new StringBuilder(text.Length);
        value = "";
        while (!text.IsEmpty)
        {
            if (text[0] != (byte)'\\')
            {
                if (Rune.DecodeFromUtf8(text, out Rune rune, out int length) != OperationStatus.Done)
                {
                    // Modified UTF-8 writes NUL in two bytes.
                    if (!text.StartsWith((ReadOnlySpan<byte>)[0xc0, 0x80]))
                        return Fail("invalid UTF-8 sequence in string");
                    (rune, length) = (default, 2);
                }

                result.Append(rune.ToString());
                text = text[length..];
                continue;
            }

            if (!ParseEscape(ref text, result))
                return false;
        }

        value = result.ToString();
        return true;
    }

    private bool ParseEscape(ref ReadOnlySpan<byte> text, StringBuilder result)
    {
        // The lexer guarantees a byte behind the backslash.
        char? plain = (char)text[1] switch
        {
            '"' => '"',
            '\'' => '\'',
            '\\' => '\\',
            '/' => '/',
            'b' => '\b',
            'f' => '\f',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            _ => null,
        };
        if (plain is { } c)
        {
            result.Append(c);
            text = text[2..];
            return true;
        }

        if (text[1] != (byte)'u')
            return Fail("invalid escape sequence in string");
        if (!TryHex(text, out int unit))
            return Fail($"{Shown(text)} is not a valid Unicode character");
        if (char.IsHighSurrogate((char)unit) && TryHex(text[6..], out int low) && char.IsLowSurrogate((char)low))
        {
            result.Append((char)unit).Append((char)low);
            text = text[12..];
            return true;
        }

        if (char.IsSurrogate((char)unit))
            return Fail($"{Shown(text)} is not a valid Unicode character");
        result.Append((char)unit);
        text = text[6..];
        return true;
    }

    // The six characters of the escape, the closing quote among them when it is cut short.
    private static string Shown(ReadOnlySpan<byte> text) =>
        text.Length >= 6 ? Encoding.UTF8.GetString(text[..6]) : Encoding.UTF8.GetString(text) + '"';

    private static bool TryHex(ReadOnlySpan<byte> text, out int unit)
    {
        unit = 0;
        return text.Length >= 6 && text[0] == (byte)'\\' && text[1] == (byte)'u'
            && int.TryParse(text.Slice(2, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out unit);
    }
}
