using System.Collections.Immutable;
using System.Text.Json;

namespace Godwit.Wire;

/// <summary>A JSON object read member by member, with the errors that QEMU's command interface gives.</summary>
internal sealed class QapiObject
{
    private readonly JsonElement _element;
    private readonly string _path;
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);

    internal QapiObject(JsonElement element, string path)
    {
        if (element.ValueKind != JsonValueKind.Object)
            throw BadType(path, "object");
        _element = element;
        _path = path;
    }

    internal static MigrationAddressException BadValue(string name, string value)
        => new($"Parameter '{name}' does not accept value '{value}'");

    internal string GetString(string name) => StringOf(Require(name), PathOf(name));

    internal QapiObject GetObject(string name) => new(Require(name), PathOf(name));

    internal bool? GetOptionalBool(string name) => Find(name)?.ValueKind switch
    {
        null => null,
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw BadType(PathOf(name), "boolean"),
    };

    internal ulong? GetOptionalNumber(string name, ulong maximum, string typeName)
    {
        if (Find(name) is not { } value)
            return null;
        // QEMU reads a negative number as a very large one and then finds it out of range; only other types are called by their path.
        if (value.ValueKind != JsonValueKind.Number)
            throw new MigrationAddressException($"Parameter '{PathOf(name)}' expects uint64");
        return value.TryGetUInt64(out var number) && number <= maximum
            ? number
            : throw new MigrationAddressException($"Parameter '{name}' expects {typeName}");
    }

    internal int GetSeconds(string name) => (int)Math.Min(int.MaxValue, GetOptionalNumber(name, uint.MaxValue, "uint32_t") ?? 0);

    internal long GetOffset(string name)
    {
        var value = Require(name);
        return value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var offset) && offset >= 0
            ? offset
            : throw new MigrationAddressException($"Parameter '{PathOf(name)}' expects uint64");
    }

    internal ImmutableArray<string> GetStrings(string name)
    {
        var value = Require(name);
        var path = PathOf(name);
        if (value.ValueKind != JsonValueKind.Array)
            throw BadType(path, "array");
        var texts = ImmutableArray.CreateBuilder<string>(value.GetArrayLength());
        foreach (var item in value.EnumerateArray())
            texts.Add(StringOf(item, $"{path}[{texts.Count}]"));
        return texts.MoveToImmutable();
    }

    internal void RefuseUnknown()
    {
        foreach (var member in _element.EnumerateObject())
        {
            if (!_known.Contains(member.Name))
                throw new MigrationAddressException($"Parameter '{PathOf(member.Name)}' is unexpected");
        }
    }

    private static string StringOf(JsonElement value, string path)
        => value.ValueKind == JsonValueKind.String ? value.GetString()! : throw BadType(path, "string");

    private static MigrationAddressException BadType(string path, string expected)
        => new($"Invalid parameter type for '{path}', expected: {expected}");

    private JsonElement Require(string name)
        => Find(name) ?? throw new MigrationAddressException($"Parameter '{PathOf(name)}' is missing");

    private JsonElement? Find(string name)
    {
        _known.Add(name);
        return _element.TryGetProperty(name, out var value) ? value : null;
    }

    private string PathOf(string name) => $"{_path}.{name}";
}
