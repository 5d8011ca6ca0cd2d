using System.Text.Json.Nodes;

namespace Godwit.Qmp;

/// <summary>The arguments of a request after they were checked against the command's members.</summary>
/// <remarks>The accessors trust that check: reading a member as something other than its declared type is the handler's mistake.</remarks>
public sealed class QmpArguments
{
    /// <summary>Wraps checked arguments.</summary>
    /// <param name="members">The argument object.</param>
    public QmpArguments(JsonObject members) => Members = members;

    /// <summary>The argument object itself.</summary>
    public JsonObject Members { get; }

    /// <summary>True when the member was given, be it as null.</summary>
    /// <param name="name">Name of the member.</param>
    public bool Has(string name) => Members.ContainsKey(name);

    /// <summary>A mandatory string.</summary>
    /// <param name="name">Name of the member.</param>
    public string GetString(string name) => Members[name]!.GetValue<string>();

    /// <summary>An optional string; null when absent or null.</summary>
    /// <param name="name">Name of the member.</param>
    public string? GetOptionalString(string name) => Members[name]?.GetValue<string>();

    /// <summary>A boolean, with the value it has when absent.</summary>
    /// <param name="name">Name of the member.</param>
    /// <param name="absent">Value when the member is absent.</param>
    public bool GetBoolean(string name, bool absent = false) => Members[name]?.GetValue<bool>() ?? absent;

    /// <summary>A signed integer, with the value it has when absent.</summary>
    /// <param name="name">Name of the member.</param>
    /// <param name="absent">Value when the member is absent.</param>
    public long GetInt64(string name, long absent = 0) => Members[name].TryGetInteger(out Int128 value) ? (long)value : absent;

    /// <summary>An unsigned integer, with the value it has when absent; negative ones have wrapped.</summary>
    /// <param name="name">Name of the member.</param>
    /// <param name="absent">Value when the member is absent.</param>
    public ulong GetUInt64(string name, ulong absent = 0) =>
        Members[name].TryGetInteger(out Int128 value) ? unchecked((ulong)value) : absent;

    /// <summary>A mandatory list.</summary>
    /// <param name="name">Name of the member.</param>
    public JsonArray GetList(string name) => Members[name]!.AsArray();
}
