using System.Globalization;

namespace Godwit.Machine;

/// <summary>
/// Evaluates the constant expressions of an assembler source: C operators and precedence, symbols, characters,
/// <c>%hi20(x)</c> and <c>%lo12(x)</c> for the two halves of a 32-bit offset.
/// </summary>
internal ref struct AssemblerExpression
{
    private static readonly string[][] _levels = [["|"], ["^"], ["&"], ["<<", ">>"], ["+", "-"], ["*", "/"]];

    /// <summary>Parentheses deeper than this are refused: the evaluator is recursive.</summary>
    private const int MaximumDepth = 64;

    private readonly ReadOnlySpan<char> _text;
    private readonly Func<string, long> _resolve;
    private int _position;
    private int _depth;

    private AssemblerExpression(ReadOnlySpan<char> text, Func<string, long> resolve)
    {
        _text = text;
        _resolve = resolve;
    }

    /// <summary>Value of <paramref name="text"/>; symbols are asked from <paramref name="resolve"/>, which throws for an unknown one.</summary>
    public static long Evaluate(ReadOnlySpan<char> text, Func<string, long> resolve)
    {
        var expression = new AssemblerExpression(text, resolve);
        long value = expression.Binary(0);
        expression.SkipSpace();
        return expression._position == text.Length
            ? value
            : throw new AssemblyException($"cannot read '{text[expression._position..]}' in expression '{text}'");
    }

    private long Binary(int level)
    {
        if (level == _levels.Length)
            return Unary();

        long left = Binary(level + 1);
        while (TryOperator(_levels[level], out string symbol))
        {
            long right = Binary(level + 1);
            left = symbol switch
            {
                "|" => left | right,
                "^" => left ^ right,
                "&" => left & right,
                "<<" => left << (int)(right & 63),
                ">>" => left >> (int)(right & 63),
                "+" => left + right,
                "-" => left - right,
                "*" => left * right,
                _ => right is 0 or -1 ? throw new AssemblyException("division by 0 or -1") : left / right,
            };
        }

        return left;
    }

    private long Unary()
    {
        if (++_depth > MaximumDepth)
            throw new AssemblyException("expression too deep");

        SkipSpace();
        if (_position >= _text.Length)
            throw new AssemblyException($"expression '{_text}' ends too early");

        char c = _text[_position];
        long value;
        if (c is '-' or '~' or '+')
        {
            _position++;
            value = Unary();
            value = c switch { '-' => -value, '~' => ~value, _ => value };
        }
        else if (c == '(')
        {
            _position++;
            value = Binary(0);
            Expect(')');
        }
        else if (c == '%')
        {
            value = Function();
        }
        else
        {
            value = Atom();
        }

        _depth--;
        return value;
    }

    private long Function()
    {
        _position++;
        string name = Word();
        Expect('(');
        long value = Binary(0);
        Expect(')');
        return name switch
        {
            "hi20" => ((value + 0x800) >> 12) & 0xfffff,
            "lo12" => value << 52 >> 52,
            _ => throw new AssemblyException($"unknown function %{name}"),
        };
    }

    private long Atom()
    {
        if (_text[_position] == '\'')
        {
            if (_position + 2 >= _text.Length || _text[_position + 2] != '\'')
                throw new AssemblyException("bad character constant");
            char character = _text[_position + 1];
            _position += 3;
            return character;
        }

        string word = Word();
        if (word.Length == 0)
            throw new AssemblyException($"cannot read '{_text[_position..]}'");
        if (!char.IsAsciiDigit(word[0]))
            return _resolve(word);
        if (word[^1] is 'f' or 'b' && word.AsSpan(0, word.Length - 1).IndexOfAnyExceptInRange('0', '9') < 0)
            return _resolve(word);
        if (word.StartsWith("0x", StringComparison.OrdinalIgnoreCase))
        {
            return ulong.TryParse(word.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong hex)
                ? (long)hex
                : throw new AssemblyException($"bad number '{word}'");
        }

        return ulong.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out ulong number)
            ? (long)number
            : throw new AssemblyException($"bad number '{word}'");
    }

    private bool TryOperator(string[] symbols, out string found)
    {
        SkipSpace();
        foreach (string symbol in symbols)
        {
            if (_text[_position..].StartsWith(symbol, StringComparison.Ordinal))
            {
                _position += symbol.Length;
                found = symbol;
                return true;
            }
        }

        found = string.Empty;
        return false;
    }

    private string Word()
    {
        SkipSpace();
        int start = _position;
        while (_position < _text.Length && (char.IsAsciiLetterOrDigit(_text[_position]) || _text[_position] is '_' or '.' or '$'))
            _position++;
        return _text[start.._position].ToString();
    }

    private void Expect(char wanted)
    {
        SkipSpace();
        if (_position >= _text.Length || _text[_position] != wanted)
            throw new AssemblyException($"expected '{wanted}' in expression '{_text}'");
        _position++;
    }

    private void SkipSpace()
    {
        while (_position < _text.Length && _text[_position] is ' ' or '\t')
            _position++;
    }
}
