using System.Text.Json.Nodes;

namespace Godwit.Qmp;

/// <summary>An integer of a C type.</summary>
internal sealed class QmpIntegerType : QmpType
{
    private readonly string _cType;
    private readonly Int128 _minimum;
    private readonly Int128 _maximum;
    private readonly bool _isUnsigned;

    public QmpIntegerType(string name, string cType, Int128 minimum, Int128 maximum, bool isUnsigned)
        : base(name)
    {
        _cType = cType;
        _minimum = minimum;
        _maximum = maximum;
        _isUnsigned = isUnsigned;
    }

    public override QmpTypeDescription Describe() => new() { Kind = QmpTypeKind.IntegerOfAnyWidth };

    internal override void Check(JsonNode? node, string path, string leaf)
    {
        if (!node.TryGetInteger(out Int128 value) || (!_isUnsigned && value > long.MaxValue))
        {
            throw _isUnsigned ? new QmpException($"Parameter '{path}' expects uint64") : InvalidType(path, "integer");
        }

        // Unsigned members take negative numbers as their two's complement.
        if (_isUnsigned && value < 0)
            value = (ulong)(long)value;
        if (value < _minimum || value > _maximum)
            throw new QmpException($"Parameter '{path}' expects {_cType}");
    }
}
