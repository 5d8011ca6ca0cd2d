using System.Text;

namespace Godwit.Machine;

/// <summary>Takes the operand part of a source line apart.</summary>
internal static class OperandText
{
    public static bool ContainsOnlySymbolCharacters(this ReadOnlySpan<char> text)
    {
        foreach (char c in text)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('_' or '.' or '$'))
                return false;
        }

        return true;
    }

    /// <summary>Splits at the commas that are outside parentheses.</summary>
    public static List<string> Split(string text)
    {
        var parts = new List<string>();
        if (text.Length == 0)
            return parts;

        int depth = 0;
        int start = 0;
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] == '\'' && i + 2 < text.Length)
            {
                i += 2;
            }
            else if (text[i] == ',' && depth == 0)
            {
                parts.Add(text[start..i].Trim());
                start = i + 1;
            }
            else
            {
                depth += text[i] switch { '(' => 1, ')' => -1, _ => 0 };
            }
        }

        parts.Add(text[start..].Trim());
        return parts;
    }

    /// <summary>Bytes of a quoted string with the escapes <c>\n \r \t \0 \\ \"</c>.</summary>
    public static byte[] ParseString(string text, bool terminated)
    {
        if (text.Length < 2 || text[0] != '"' || text[^1] != '"')
            throw new AssemblyException("expected a quoted string");

        var bytes = new List<byte>(text.Length);
        for (int i = 1; i < text.Length - 1; i++)
        {
            char c = text[i];
            if (c == '\\' && i + 1 < text.Length - 1)
            {
                c = text[++i] switch
                {
                    'n' => '\n',
                    'r' => '\r',
                    't' => '\t',
                    '0' => '\0',
                    '\\' => '\\',
                    '"' => '"',
                    char other => throw new AssemblyException($"unknown escape \\{other}"),
                };
            }

            bytes.AddRange(Encoding.UTF8.GetBytes([c]));
        }

        if (terminated)
            bytes.Add(0);
        return [.. bytes];
    }
}
