namespace Godwit.Qmp;

/// <summary>Kinds of JSON tokens; structure tokens carry no text.</summary>
internal enum QmpJsonTokenKind : byte
{
    None = 0,
    OpenBrace,
    CloseBrace,
    OpenBracket,
    CloseBracket,
    Colon,
    Comma,
    String,
    Number,
    Keyword,
}
