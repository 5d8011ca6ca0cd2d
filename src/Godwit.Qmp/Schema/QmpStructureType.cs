using System.Collections.Immutable;
using System.Text.Json.Nodes;

namespace Godwit.Qmp;

/// <summary>An object with known members, some of which may depend on a discriminator.</summary>
internal sealed class QmpStructureType : QmpType
{
    public QmpStructureType(
        string name, ImmutableArray<QmpMember> members, string? discriminator, ImmutableDictionary<string, ImmutableArray<QmpMember>> branches)
        : base(name)
    {
        Members = members;
        Discriminator = discriminator;
        Branches = branches;
    }

    public ImmutableArray<QmpMember> Members { get; }

    public string? Discriminator { get; }

    public ImmutableDictionary<string, ImmutableArray<QmpMember>> Branches { get; }

    public override QmpTypeDescription Describe() => new()
    {
        Kind = QmpTypeKind.Structure,
        Members = Members,
        Discriminator = Discriminator,
        Branches = [.. Branches.Select(b => KeyValuePair.Create(b.Key, (IReadOnlyList<QmpMember>)b.Value))],
    };

    internal override void Check(JsonNode? node, string path, string leaf)
    {
        if (node is not JsonObject value)
            throw InvalidType(path, "object");
        CheckMembers(value, path);
    }

    /// <summary>Checks an object's members; the path of an argument object itself is empty.</summary>
    public void CheckMembers(JsonObject value, string path)
    {
        string prefix = path.Length == 0 ? "" : path + ".";
        CheckPresent(Members, value, prefix);
        ImmutableArray<QmpMember> more = [];
        if (Discriminator is not null && value[Discriminator] is JsonValue decided && decided.TryGetValue(out string? branch))
        {
            more = Branches.GetValueOrDefault(branch, []);
            CheckPresent(more, value, prefix);
        }

        foreach ((string name, JsonNode? _) in value)
        {
            if (!Contains(Members, name) && !Contains(more, name))
                throw new QmpException($"Parameter '{prefix}{name}' is unexpected");
        }
    }

    private static void CheckPresent(ImmutableArray<QmpMember> members, JsonObject value, string prefix)
    {
        foreach (QmpMember member in members)
        {
            if (value.TryGetPropertyValue(member.Name, out JsonNode? node))
                member.Type.Check(node, prefix + member.Name, member.Name);
            else if (!member.IsOptional)
                throw new QmpException($"Parameter '{prefix}{member.Name}' is missing");
        }
    }

    private static bool Contains(ImmutableArray<QmpMember> members, string name)
    {
        foreach (QmpMember member in members)
        {
            if (string.Equals(member.Name, name, StringComparison.Ordinal))
                return true;
        }

        return false;
    }
}
