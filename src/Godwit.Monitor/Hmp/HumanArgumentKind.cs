namespace Godwit.Monitor;

/// <summary>Kinds of arguments of the human monitor.</summary>
internal enum HumanArgumentKind
{
    /// <summary>A word, or text in double quotes.</summary>
    Word = 1,

    /// <summary>An integer expression.</summary>
    Number,

    /// <summary>on or off.</summary>
    Switch,

    /// <summary>A single letter behind a dash.</summary>
    Flag,

    /// <summary>/COUNT FORMAT SIZE, as <c>xp</c> takes it.</summary>
    Format,
}
