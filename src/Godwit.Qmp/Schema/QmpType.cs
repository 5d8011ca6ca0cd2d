using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Godwit.Qmp;

/// <summary>The type of an argument: checks JSON against itself with QEMU's error texts, before a command has any effect.</summary>
/// <remarks>Texts and path notation (<c>a[0].b.c</c>) are in <c>docs/formats/qmp.md</c>, "Arguments".</remarks>
public abstract class QmpType
{
    private protected QmpType(string name) => Name = name;

    /// <summary>The type's name: a built-in one, or the name of the enumeration or structure.</summary>
    public string Name { get; }

    /// <summary>A string.</summary>
    public static QmpType Text { get; } = new QmpScalarType("string", "str", static (node, _) => Kind(node) == JsonValueKind.String);

    /// <summary>A boolean.</summary>
    public static QmpType Boolean { get; } =
        new QmpScalarType("boolean", "bool", static (node, _) => Kind(node) is JsonValueKind.True or JsonValueKind.False);

    /// <summary>Any number.</summary>
    public static QmpType Number { get; } = new QmpScalarType("number", "number", static (node, _) => Kind(node) == JsonValueKind.Number);

    /// <summary>Anything at all; the handler checks.</summary>
    public static QmpType Any { get; } = new QmpScalarType("any", "any", static (_, _) => true);

    /// <summary>A string or null.</summary>
    public static QmpType StringOrNull { get; } =
        new QmpScalarType("StrOrNull", "StrOrNull", static (node, _) => node is null || Kind(node) == JsonValueKind.String);

    /// <summary>A signed 64-bit integer.</summary>
    public static QmpType Signed64 { get; } = new QmpIntegerType("int", "int64_t", long.MinValue, long.MaxValue, isUnsigned: false);

    /// <summary>A signed 32-bit integer.</summary>
    public static QmpType Signed32 { get; } = new QmpIntegerType("int32", "int32_t", int.MinValue, int.MaxValue, isUnsigned: false);

    /// <summary>An unsigned 8-bit integer.</summary>
    public static QmpType Unsigned8 { get; } = new QmpIntegerType("uint8", "uint8_t", 0, byte.MaxValue, isUnsigned: true);

    /// <summary>An unsigned 16-bit integer.</summary>
    public static QmpType Unsigned16 { get; } = new QmpIntegerType("uint16", "uint16_t", 0, ushort.MaxValue, isUnsigned: true);

    /// <summary>An unsigned 32-bit integer.</summary>
    public static QmpType Unsigned32 { get; } = new QmpIntegerType("uint32", "uint32_t", 0, uint.MaxValue, isUnsigned: true);

    /// <summary>An unsigned 64-bit integer; negative ones wrap, as QEMU lets them.</summary>
    public static QmpType Unsigned64 { get; } = new QmpIntegerType("uint64", "uint64_t", 0, ulong.MaxValue, isUnsigned: true);

    /// <summary>A number of bytes; the same values as <see cref="Unsigned64"/>.</summary>
    public static QmpType Size { get; } = new QmpIntegerType("size", "uint64_t", 0, ulong.MaxValue, isUnsigned: true);

    /// <summary>One of a set of words.</summary>
    /// <param name="name">Name of the enumeration.</param>
    /// <param name="values">The words.</param>
    public static QmpType Enumeration(string name, params IEnumerable<string> values) => new QmpEnumerationType(name, [.. values]);

    /// <summary>A list of one type.</summary>
    /// <param name="element">Type of the elements.</param>
    public static QmpType List(QmpType element) => new QmpListType(element);

    /// <summary>An object with known members.</summary>
    /// <param name="name">Name of the structure.</param>
    /// <param name="members">Its members in the order in which they are checked.</param>
    public static QmpType Structure(string name, params IEnumerable<QmpMember> members) => new QmpStructureType(name, [.. members], null, ImmutableDictionary<string, ImmutableArray<QmpMember>>.Empty);

    /// <summary>An object whose further members depend on one of its members.</summary>
    /// <param name="name">Name of the union.</param>
    /// <param name="members">Members that are always there, the discriminator among them.</param>
    /// <param name="discriminator">Name of the deciding member, an enumeration.</param>
    /// <param name="branches">Further members by the discriminator's value.</param>
    public static QmpType Union(
        string name, IEnumerable<QmpMember> members, string discriminator, IEnumerable<KeyValuePair<string, QmpMember[]>> branches) =>
        new QmpStructureType(name, [.. members], discriminator, branches.ToImmutableDictionary(b => b.Key, b => b.Value.ToImmutableArray(), StringComparer.Ordinal));

    /// <summary>Takes the type apart.</summary>
    public abstract QmpTypeDescription Describe();

    /// <summary>Checks a value.</summary>
    /// <param name="node">The value; null is JSON <c>null</c>.</param>
    /// <param name="path">Full path for messages that name it.</param>
    /// <param name="leaf">Last component of the path; "null" inside a list.</param>
    /// <exception cref="QmpException">The value is not of this type.</exception>
    internal abstract void Check(JsonNode? node, string path, string leaf);

    private protected static QmpException InvalidType(string path, string expected) =>
        new($"Invalid parameter type for '{path}', expected: {expected}");

    private protected static JsonValueKind Kind(JsonNode? node) => node is null ? JsonValueKind.Null : node.GetValueKind();
}
