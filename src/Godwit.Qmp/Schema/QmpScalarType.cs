using System.Text.Json.Nodes;

namespace Godwit.Qmp;

/// <summary>A type that is decided by the kind of JSON value alone.</summary>
internal sealed class QmpScalarType : QmpType
{
    private readonly string _expected;
    private readonly Func<JsonNode?, string, bool> _accepts;

    public QmpScalarType(string expected, string name, Func<JsonNode?, string, bool> accepts)
        : base(name)
    {
        _expected = expected;
        _accepts = accepts;
    }

    public override QmpTypeDescription Describe() => Name == "StrOrNull"
        ? new QmpTypeDescription { Kind = QmpTypeKind.StringOrNull }
        : new QmpTypeDescription { Kind = QmpTypeKind.Builtin, BuiltinName = Name };

    internal override void Check(JsonNode? node, string path, string leaf)
    {
        if (!_accepts(node, path))
            throw InvalidType(path, _expected);
    }
}
