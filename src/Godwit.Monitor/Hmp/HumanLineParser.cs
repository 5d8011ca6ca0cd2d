using System.Globalization;
using System.Text;

namespace Godwit.Monitor;

/// <summary>Reads the arguments of one line of the human monitor.</summary>
internal ref struct HumanLineParser
{
    private ReadOnlySpan<char> _rest;

    public HumanLineParser(ReadOnlySpan<char> line) => _rest = line.Trim();

    /// <summary>True when nothing but blanks is left.</summary>
    public readonly bool IsAtEnd => _rest.IsEmpty;

    /// <summary>The rest of the line.</summary>
    public readonly string Rest => _rest.ToString();

    /// <summary>Takes the next word; empty at the end.</summary>
    public string TakeWord()
    {
        int end = _rest.IndexOfAny(' ', '\t');

        // xp/2xw: the format belongs to the arguments.
        int slash = _rest.IndexOf('/');
        if (slash > 0 && (end < 0 || slash < end))
            end = slash;
        string word = end < 0 ? _rest.ToString() : _rest[..end].ToString();
        Advance(word.Length);
        return word;
    }

    /// <summary>Reads the arguments of a command.</summary>
    /// <exception cref="HumanUsageException">They do not match.</exception>
    public HumanArguments Parse(HumanCommand command)
    {
        var values = new HumanArguments();
        TakeFlags(command, values);
        foreach (HumanArgument argument in command.Arguments)
        {
            switch (argument.Kind)
            {
                case HumanArgumentKind.Flag:
                    break;
                case HumanArgumentKind.Format:
                    if (_rest.StartsWith("/"))
                        values.Set(argument.Name, TakeFormat());
                    break;
                case var _ when IsAtEnd && argument.IsOptional:
                    break;
                case HumanArgumentKind.Word:
                    values.Set(argument.Name, IsAtEnd ? throw new HumanUsageException($"{command.Names}: string expected") : TakeString());
                    break;
                case HumanArgumentKind.Switch:
                    values.Set(argument.Name, TakeSwitch());
                    break;
                case HumanArgumentKind.Number:
                    values.Set(argument.Name, TakeSum());
                    break;
            }
        }

        return IsAtEnd ? values : throw new HumanUsageException($"{command.Names}: extraneous characters at the end of line");
    }

    private void Advance(int count) => _rest = _rest[count..].TrimStart();

    private void TakeFlags(HumanCommand command, HumanArguments values)
    {
        while (_rest.Length >= 2 && _rest[0] == '-' && char.IsAsciiLetter(_rest[1]) && (_rest.Length == 2 || _rest[2] is ' ' or '\t')
            && command.Arguments.Any(a => a.Kind == HumanArgumentKind.Flag))
        {
            string letter = _rest[1].ToString();
            if (!command.Arguments.Any(a => a.Kind == HumanArgumentKind.Flag && a.Name == letter))
                throw new HumanUsageException($"{command.Names}: unsupported option -{letter}");
            values.Set(letter, true);
            Advance(2);
        }
    }

    private string TakeString()
    {
        if (_rest[0] != '"')
        {
            int end = _rest.IndexOfAny(' ', '\t');
            string word = end < 0 ? _rest.ToString() : _rest[..end].ToString();
            Advance(word.Length);
            return word;
        }

        var text = new StringBuilder();
        int i = 1;
        for (; i < _rest.Length && _rest[i] != '"'; i++)
        {
            if (_rest[i] == '\\' && i + 1 < _rest.Length)
                i++;
            text.Append(_rest[i]);
        }

        if (i >= _rest.Length)
            throw new HumanUsageException("unterminated string");
        Advance(i + 1);
        return text.ToString();
    }

    private bool TakeSwitch()
    {
        string word = IsAtEnd ? "" : TakeString();
        return word switch
        {
            "on" => true,
            "off" => false,
            _ => throw new HumanUsageException("Expected 'on' or 'off'"),
        };
    }

    private long TakeSum()
    {
        long value = TakeNumber();
        while (!IsAtEnd && _rest[0] is '+' or '-')
        {
            bool plus = _rest[0] == '+';
            Advance(1);
            long next = TakeNumber();
            value = unchecked(plus ? value + next : value - next);
        }

        return value;
    }

    private long TakeNumber()
    {
        if (IsAtEnd)
            throw new HumanUsageException("unexpected end of expression");
        if (_rest[0] is '-' or '+')
        {
            bool minus = _rest[0] == '-';
            Advance(1);
            long operand = TakeNumber();
            return minus ? unchecked(-operand) : operand;
        }

        int radix = _rest.StartsWith("0x", StringComparison.OrdinalIgnoreCase) ? 16 : _rest[0] == '0' ? 8 : 10;
        int start = radix == 16 ? 2 : 0;
        int end = start;
        ulong value = 0;
        while (end < _rest.Length && Digit(_rest[end]) < radix)
            value = unchecked((value * (ulong)radix) + (ulong)Digit(_rest[end++]));
        if (end == start || (end < _rest.Length && char.IsAsciiLetterOrDigit(_rest[end])))
            throw new HumanUsageException($"invalid char '{_rest[Math.Min(end, _rest.Length - 1)]}' in expression");
        Advance(end);
        return unchecked((long)value);
    }

    private static int Digit(char c) => char.IsAsciiHexDigit(c) ? int.Parse([c], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture) : int.MaxValue;

    private MemoryFormat TakeFormat()
    {
        MemoryFormat format = MemoryFormat.Default;
        int count = 0;
        int i = 1;
        for (; i < _rest.Length && char.IsAsciiDigit(_rest[i]); i++)
            count = Math.Min((count * 10) + (_rest[i] - '0'), MemoryFormat.MaximumCount);
        for (; i < _rest.Length && _rest[i] is not (' ' or '\t'); i++)
        {
            format = _rest[i] switch
            {
                'x' or 'd' or 'u' or 'o' => format with { Letter = _rest[i] },
                'c' => format with { Letter = 'c', SizeBytes = 1 },
                'b' => format with { SizeBytes = 1 },
                'h' => format with { SizeBytes = 2 },
                'w' => format with { SizeBytes = 4 },
                'g' or 'L' => format with { SizeBytes = 8 },
                var c => throw new HumanUsageException($"invalid char in format: '{c}'"),
            };
        }

        Advance(i);
        return format with { Count = count == 0 ? 1 : count };
    }
}
