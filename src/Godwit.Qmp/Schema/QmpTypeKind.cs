namespace Godwit.Qmp;

/// <summary>What a <see cref="QmpType"/> is, for those who describe it.</summary>
public enum QmpTypeKind
{
    /// <summary>A type that the schema has under its own name.</summary>
    Builtin = 1,

    /// <summary>An integer of any width.</summary>
    IntegerOfAnyWidth,

    /// <summary>A string or null.</summary>
    StringOrNull,

    /// <summary>One of a set of words.</summary>
    Enumeration,

    /// <summary>A list.</summary>
    List,

    /// <summary>An object with known members, perhaps with variants.</summary>
    Structure,
}
