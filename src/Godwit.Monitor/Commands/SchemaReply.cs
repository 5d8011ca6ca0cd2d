using System.Globalization;
using System.Text.Json.Nodes;
using Godwit.Qmp;

namespace Godwit.Monitor;

/// <summary>The reply of <c>query-qmp-schema</c>: every command with the types of its arguments.</summary>
/// <remarks>Results are described as <c>any</c>: clients probe for commands, arguments and enumeration values.</remarks>
internal static class SchemaReply
{
    private static readonly (string Name, string JsonType)[] _builtins =
        [("str", "string"), ("any", "value"), ("bool", "boolean"), ("int", "int"), ("null", "null"), ("number", "number")];

    public static JsonArray Build(IEnumerable<QmpCommand> commands)
    {
        var result = new JsonArray();
        var collector = new Collector(result);
        foreach (QmpCommand command in commands.OrderBy(c => c.Name, StringComparer.Ordinal))
        {
            var entry = new JsonObject
            {
                ["name"] = command.Name,
                ["ret-type"] = "any",
                ["meta-type"] = "command",
                ["arg-type"] = collector.AddObject(command.Members, null, []),
            };
            if (command.AllowsOutOfBand)
                entry["allow-oob"] = true;
            result.Add((JsonNode)entry);
        }

        foreach (string name in new[] { "BALLOON_CHANGE", "BLOCK_IO_ERROR", "MIGRATION", "MIGRATION_PASS", "POWERDOWN", "RESET", "RESUME", "SHUTDOWN", "STOP" })
            result.Add((JsonNode)new JsonObject { ["name"] = name, ["meta-type"] = "event", ["arg-type"] = collector.AddObject([], null, []) });
        foreach ((string name, string jsonType) in _builtins)
            result.Add((JsonNode)new JsonObject { ["name"] = name, ["json-type"] = jsonType, ["meta-type"] = "builtin" });
        return result;
    }

    private sealed class Collector(JsonArray output)
    {
        private readonly Dictionary<QmpType, string> _names = [];
        private readonly HashSet<string> _lists = new(StringComparer.Ordinal);
        private int _next;

        public string AddObject(IEnumerable<QmpMember> members, string? discriminator, IEnumerable<KeyValuePair<string, IReadOnlyList<QmpMember>>> branches)
        {
            string name = NextName();
            var list = new JsonArray();
            foreach (QmpMember member in members)
            {
                var entry = new JsonObject { ["name"] = member.Name };
                if (member.IsOptional)
                    entry["default"] = null;
                entry["type"] = Reference(member.Type);
                list.Add((JsonNode)entry);
            }

            var result = new JsonObject { ["name"] = name, ["members"] = list, ["meta-type"] = "object" };
            if (discriminator is not null)
            {
                result["tag"] = discriminator;
                result["variants"] = new JsonArray(
                    [.. branches.Select(b => (JsonNode?)new JsonObject { ["case"] = b.Key, ["type"] = AddObject(b.Value, null, []) })]);
            }

            output.Add((JsonNode)result);
            return name;
        }

        private string Reference(QmpType type)
        {
            if (_names.TryGetValue(type, out string? known))
                return known;
            string name = type.Describe() switch
            {
                { Kind: QmpTypeKind.Enumeration } d => AddEnumeration(d.Values),
                { Kind: QmpTypeKind.List } d => AddList(Reference(d.Element!)),
                { Kind: QmpTypeKind.Structure } d => AddObject(d.Members, d.Discriminator, d.Branches),
                { Kind: QmpTypeKind.IntegerOfAnyWidth } => "int",
                { Kind: QmpTypeKind.StringOrNull } => AddAlternate(),
                var d => d.BuiltinName,
            };
            _names[type] = name;
            return name;
        }

        private string AddEnumeration(IEnumerable<string> values)
        {
            string name = NextName();
            string[] words = [.. values];
            output.Add((JsonNode)new JsonObject
            {
                ["name"] = name,
                ["members"] = new JsonArray([.. words.Select(w => (JsonNode?)new JsonObject { ["name"] = w })]),
                ["meta-type"] = "enum",
                ["values"] = new JsonArray([.. words.Select(w => (JsonNode?)JsonValue.Create(w))]),
            });
            return name;
        }

        private string AddList(string element)
        {
            string name = $"[{element}]";
            if (!_lists.Add(name))
                return name;
            output.Add((JsonNode)new JsonObject { ["name"] = name, ["element-type"] = element, ["meta-type"] = "array" });
            return name;
        }

        private string AddAlternate()
        {
            string name = NextName();
            output.Add((JsonNode)new JsonObject
            {
                ["name"] = name,
                ["members"] = new JsonArray(new JsonObject { ["type"] = "str" }, new JsonObject { ["type"] = "null" }),
                ["meta-type"] = "alternate",
            });
            return name;
        }

        private string NextName() => (_next++).ToString(CultureInfo.InvariantCulture);
    }
}
