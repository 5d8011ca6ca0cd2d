namespace Godwit.VmState;

/// <summary>Which elements of an array carry an <c>index</c> key in the JSON description.</summary>
public enum ArrayIndexStyle
{
    /// <summary>No element (11.1).</summary>
    None = 0,

    /// <summary>All but the last (10.0).</summary>
    AllButLast = 1,

    /// <summary>All (7.2).</summary>
    EveryElement = 2,
}
