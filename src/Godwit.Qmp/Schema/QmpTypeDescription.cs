namespace Godwit.Qmp;

/// <summary>A <see cref="QmpType"/> taken apart, for <c>query-qmp-schema</c>.</summary>
public sealed record QmpTypeDescription
{
    /// <summary>What it is.</summary>
    public required QmpTypeKind Kind { get; init; }

    /// <summary>The schema's name of a built-in type.</summary>
    public string BuiltinName { get; init; } = "any";

    /// <summary>Words of an enumeration.</summary>
    public IReadOnlyList<string> Values { get; init; } = [];

    /// <summary>Elements of a list.</summary>
    public QmpType? Element { get; init; }

    /// <summary>Members of a structure.</summary>
    public IReadOnlyList<QmpMember> Members { get; init; } = [];

    /// <summary>The member that decides about the variants; null when there are none.</summary>
    public string? Discriminator { get; init; }

    /// <summary>Further members by the discriminator's value.</summary>
    public IReadOnlyList<KeyValuePair<string, IReadOnlyList<QmpMember>>> Branches { get; init; } = [];
}
