using System.Globalization;

namespace Godwit.Migration;

/// <summary>A value a client gave, or one in force: an integer, a boolean, a text, null, or something else that no parameter takes.</summary>
public readonly record struct MigrationParameterValue
{
    private enum ValueKind : byte
    {
        Other = 0,
        Null,
        Integer,
        Boolean,
        Text,
    }

    private readonly ValueKind _kind;
    private readonly ulong _number;
    private readonly string? _text;

    private MigrationParameterValue(ValueKind kind, ulong number = 0, string? text = null)
    {
        _kind = kind;
        _number = number;
        _text = text;
    }

    /// <summary>JSON null.</summary>
    public static MigrationParameterValue Null => new(ValueKind.Null);

    /// <summary>A JSON value that is neither null, integer, boolean nor string.</summary>
    public static MigrationParameterValue Other => new(ValueKind.Other);

    /// <summary>An integer; negative ones wrap, as they do on the control plane.</summary>
    public static MigrationParameterValue FromInteger(long value) => new(ValueKind.Integer, unchecked((ulong)value));

    /// <summary>An unsigned integer.</summary>
    public static MigrationParameterValue FromInteger(ulong value) => new(ValueKind.Integer, value);

    /// <summary>A boolean.</summary>
    public static MigrationParameterValue FromBoolean(bool value) => new(ValueKind.Boolean, value ? 1u : 0);

    /// <summary>A text.</summary>
    public static MigrationParameterValue FromText(string value) => new(ValueKind.Text, text: value ?? throw new ArgumentNullException(nameof(value)));

    /// <summary>True for JSON null.</summary>
    public bool IsNull => _kind == ValueKind.Null;

    /// <summary>True for an integer.</summary>
    public bool IsInteger => _kind == ValueKind.Integer;

    /// <summary>True for a boolean.</summary>
    public bool IsBoolean => _kind == ValueKind.Boolean;

    /// <summary>True for a text.</summary>
    public bool IsText => _kind == ValueKind.Text;

    /// <summary>The integer; 0 when it is none.</summary>
    public ulong Number => _number;

    /// <summary>The boolean; false when it is none.</summary>
    public bool Flag => _kind == ValueKind.Boolean && _number != 0;

    /// <summary>The text; empty when it is none.</summary>
    public string Text => _text ?? "";

    /// <inheritdoc/>
    public override string ToString() => _kind switch
    {
        ValueKind.Integer => _number.ToString(CultureInfo.InvariantCulture),
        ValueKind.Boolean => Flag ? "on" : "off",
        ValueKind.Text => Text,
        _ => "",
    };
}
