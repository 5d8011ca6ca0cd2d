using System.Globalization;
using System.Text.Json.Nodes;

namespace Godwit.Qmp;

/// <summary>A list of one type.</summary>
internal sealed class QmpListType : QmpType
{
    public QmpListType(QmpType element)
        : base($"[{element.Name}]") => Element = element;

    public QmpType Element { get; }

    public override QmpTypeDescription Describe() => new() { Kind = QmpTypeKind.List, Element = Element };

    internal override void Check(JsonNode? node, string path, string leaf)
    {
        if (node is not JsonArray elements)
            throw InvalidType(path, "array");
        for (int i = 0; i < elements.Count; i++)
            Element.Check(elements[i], string.Create(CultureInfo.InvariantCulture, $"{path}[{i}]"), "null");
    }
}
