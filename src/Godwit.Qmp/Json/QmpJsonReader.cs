using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json.Nodes;

namespace Godwit.Qmp;

/// <summary>Cuts a byte stream into JSON values the way a QEMU 10.0 monitor does.</summary>
/// <remarks>
/// <para>The input is a stream of values, not of lines: a value is complete with its closing bracket, however it was split into packets.
/// Strings may be in single quotes. After an error reading goes on with the next token, so that a client that has lost track
/// sends 0x01 (or 0xFF), discards one error and is in step again. See <c>docs/formats/qmp.md</c>.</para>
/// <para>Not thread-safe. Holds at most the tokens and text of one value, both bounded by <see cref="QmpJsonLimits"/>.</para>
/// </remarks>
public sealed class QmpJsonReader
{
    private const int KeptTextBytes = 64 * 1024;

    private readonly QmpJsonLimits _limits;
    private readonly List<QmpJsonToken> _tokens = [];
    private byte[] _text = new byte[1024];
    private int _textLength;
    private int _tokenStart;
    private long _textBytes;
    private State _state;
    private byte _quote;
    private int _braces;
    private int _brackets;

    private enum State : byte
    {
        Start = 0,
        String,
        Escape,
        Keyword,
        Minus,
        Zero,
        Integer,
        Point,
        Fraction,
        ExponentMark,
        ExponentSign,
        Exponent,
        Recover,
    }

    /// <summary>Starts between two values.</summary>
    /// <param name="limits">What one value may cost; null for QEMU's limits.</param>
    public QmpJsonReader(QmpJsonLimits? limits = null) => _limits = limits ?? QmpJsonLimits.Default;

    /// <summary>Consumes bytes until a value or an error is complete.</summary>
    /// <param name="input">Bytes not yet consumed; advanced past those that were.</param>
    /// <param name="result">The value or the error.</param>
    /// <returns>False when all of <paramref name="input"/> was consumed without completing anything.</returns>
    public bool TryRead(ref ReadOnlySpan<byte> input, out QmpJsonInput result)
    {
        for (int i = 0; i < input.Length;)
        {
            bool consumed = Step(input[i], out string? error, out bool complete);
            if (consumed)
                i++;
            if (error is null && !complete)
                continue;
            input = input[i..];
            bool lexical = error is not null && complete;
            result = error is null ? Parse() : new QmpJsonInput(null, error);
            Reset();
            if (lexical)
                _state = State.Recover;
            return true;
        }

        input = [];
        result = default;
        return false;
    }

    // One byte. Not consumed when it only ends the token before it.
    private bool Step(byte value, out string? error, out bool complete)
    {
        error = null;
        complete = false;
        switch (_state)
        {
            case State.Start:
                StartToken(value, ref error, ref complete);
                return true;
            case State.String:
                StringByte(value, ref error, ref complete);
                return true;
            case State.Escape:
                if (IsForbiddenInString(value))
                    return Stray(value, out error, out complete);
                _state = State.String;
                return Keep(value, ref error);
            case State.Keyword:
                if (value is >= (byte)'a' and <= (byte)'z')
                    return Keep(value, ref error);
                EndToken(QmpJsonTokenKind.Keyword, ref error, ref complete);
                return false;
            case State.Recover:
                if (IsSkippedInRecovery(value))
                    return true;
                _state = State.Start;
                return false;
            default:
                return NumberByte(value, ref error, ref complete);
        }
    }

    private void StartToken(byte value, ref string? error, ref bool complete)
    {
        _tokenStart = _textLength;
        switch (value)
        {
            case (byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n':
                return;
            case (byte)'{':
                _braces++;
                EndToken(QmpJsonTokenKind.OpenBrace, ref error, ref complete);
                return;
            case (byte)'}':
                _braces--;
                EndToken(QmpJsonTokenKind.CloseBrace, ref error, ref complete);
                return;
            case (byte)'[':
                _brackets++;
                EndToken(QmpJsonTokenKind.OpenBracket, ref error, ref complete);
                return;
            case (byte)']':
                _brackets--;
                EndToken(QmpJsonTokenKind.CloseBracket, ref error, ref complete);
                return;
            case (byte)':':
                EndToken(QmpJsonTokenKind.Colon, ref error, ref complete);
                return;
            case (byte)',':
                EndToken(QmpJsonTokenKind.Comma, ref error, ref complete);
                return;
            case (byte)'"' or (byte)'\'':
                _quote = value;
                _state = State.String;
                return;
            case (byte)'-':
                _state = State.Minus;
                break;
            case (byte)'0':
                _state = State.Zero;
                break;
            case >= (byte)'1' and <= (byte)'9':
                _state = State.Integer;
                break;
            case >= (byte)'a' and <= (byte)'z':
                _state = State.Keyword;
                break;
            default:
                Stray(value, out error, out complete);
                return;
        }

        Keep(value, ref error);
    }

    private void StringByte(byte value, ref string? error, ref bool complete)
    {
        if (value == _quote)
        {
            EndToken(QmpJsonTokenKind.String, ref error, ref complete);
            return;
        }

        if (IsForbiddenInString(value))
        {
            Stray(value, out error, out complete);
            return;
        }

        if (value == (byte)'\\')
            _state = State.Escape;
        Keep(value, ref error);
    }

    private bool NumberByte(byte value, ref string? error, ref bool complete)
    {
        bool digit = value is >= (byte)'0' and <= (byte)'9';
        State? next = _state switch
        {
            State.Minus when value == (byte)'0' => State.Zero,
            State.Minus when digit => State.Integer,
            State.Integer when digit => State.Integer,
            State.Zero or State.Integer when value == (byte)'.' => State.Point,
            State.Zero or State.Integer or State.Fraction when value is (byte)'e' or (byte)'E' => State.ExponentMark,
            State.Point or State.Fraction when digit => State.Fraction,
            State.ExponentMark when value is (byte)'+' or (byte)'-' => State.ExponentSign,
            State.ExponentMark or State.ExponentSign or State.Exponent when digit => State.Exponent,
            _ => null,
        };
        if (next is { } state)
        {
            _state = state;
            return Keep(value, ref error);
        }

        if (_state is State.Minus or State.Point or State.ExponentMark or State.ExponentSign || (_state == State.Zero && digit))
            return Stray(value, out error, out complete);

        EndToken(QmpJsonTokenKind.Number, ref error, ref complete);
        return false;
    }

    private void EndToken(QmpJsonTokenKind kind, ref string? error, ref bool complete)
    {
        _state = State.Start;
        int length = _textLength - _tokenStart;
        _textBytes += kind == QmpJsonTokenKind.String ? length + 2 : Math.Max(length, 1);
        _tokens.Add(new QmpJsonToken(kind, _tokenStart, length));
        if (_textBytes > _limits.MaximumTextBytes)
            error = QmpJsonErrors.TextLimit;
        else if (_tokens.Count > _limits.MaximumTokens)
            error = QmpJsonErrors.TokenLimit;
        else if (_braces + _brackets > _limits.MaximumDepth)
            error = QmpJsonErrors.DepthLimit;
        else
            complete = (_braces == 0 && _brackets == 0) || _braces < 0 || _brackets < 0;
    }

    private bool Keep(byte value, ref string? error)
    {
        // A token that never ends must not grow past the limit for the whole value.
        if (_textLength >= _limits.MaximumTextBytes)
        {
            error = QmpJsonErrors.TextLimit;
            return true;
        }

        if (_textLength == _text.Length)
            Array.Resize(ref _text, (int)Math.Min((long)_text.Length * 2, _limits.MaximumTextBytes));
        _text[_textLength++] = value;
        return true;
    }

    private static bool IsForbiddenInString(byte value) => value is < 0x20 or >= 0xfe;

    // Behind a stray byte everything is skipped up to a line end, a bracket, a separator or another byte that is never right.
    private static bool IsSkippedInRecovery(byte value) =>
        value is (byte)'\t' or (>= 0x20 and < 0xfe) and not ((byte)'{' or (byte)'}' or (byte)'[' or (byte)']' or (byte)':' or (byte)',');

    // A lexical error: both an error and "complete", so that the caller goes into recovery.
    private bool Stray(byte value, out string? error, out bool complete)
    {
        const int ShownBytes = 256;
        var text = new StringBuilder();
        if (_state is State.String or State.Escape)
            text.Append((char)_quote);
        int start = Math.Max(_tokenStart, _textLength - ShownBytes);
        text.Append(Encoding.UTF8.GetString(_text.AsSpan(start, _textLength - start)));
        text.Append(value < 0x80 ? (char)value : '\uFFFD');
        error = QmpJsonErrors.Parse($"stray '{text}'");
        complete = true;
        return true;
    }

    private QmpJsonInput Parse()
    {
        var parser = new QmpJsonParser(CollectionsMarshal.AsSpan(_tokens), _text.AsSpan(0, _textLength));
        return parser.TryParse(out JsonNode? value, out string? error) ? new QmpJsonInput(value, null) : new QmpJsonInput(null, error);
    }

    private void Reset()
    {
        _tokens.Clear();
        if (_tokens.Capacity > KeptTextBytes)
            _tokens.Capacity = 0;
        if (_text.Length > KeptTextBytes)
            _text = new byte[1024];
        _textLength = 0;
        _tokenStart = 0;
        _textBytes = 0;
        _braces = 0;
        _brackets = 0;
        _state = State.Start;
    }
}
