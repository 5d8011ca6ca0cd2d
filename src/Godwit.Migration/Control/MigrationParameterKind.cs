namespace Godwit.Migration;

/// <summary>The type a parameter has on the control plane.</summary>
public enum MigrationParameterKind
{
    /// <summary>Unsigned 64 bits, bytes or a plain count.</summary>
    Size = 0,

    /// <summary>Unsigned 8 bits.</summary>
    Octet,

    /// <summary>Unsigned 32 bits.</summary>
    Word,

    /// <summary>true or false.</summary>
    Boolean,

    /// <summary>Text; null sets it to empty.</summary>
    Text,

    /// <summary>One of a list of words.</summary>
    Choice,

    /// <summary>A list of objects.</summary>
    List,
}
