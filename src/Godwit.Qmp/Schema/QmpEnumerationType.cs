using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Godwit.Qmp;

/// <summary>One of a set of words.</summary>
internal sealed class QmpEnumerationType : QmpType
{
    public QmpEnumerationType(string name, ImmutableArray<string> values)
        : base(name) => Values = values;

    public ImmutableArray<string> Values { get; }

    public override QmpTypeDescription Describe() => new() { Kind = QmpTypeKind.Enumeration, Values = Values };

    internal override void Check(JsonNode? node, string path, string leaf)
    {
        if (Kind(node) != JsonValueKind.String)
            throw InvalidType(path, "string");
        string text = node!.GetValue<string>();
        if (!Values.Contains(text, StringComparer.Ordinal))
            throw new QmpException($"Parameter '{leaf}' does not accept value '{text}'");
    }
}
