using System.Text.Json;
using System.Text.Json.Nodes;

namespace Godwit.Qmp;

/// <summary>A request, or the reason why a value is none; either way with the id to answer under.</summary>
internal readonly struct QmpRequest
{
    private QmpRequest(string? command, JsonObject? arguments, bool isOutOfBand, bool hasId, JsonNode? id, QmpException? error)
    {
        Command = command;
        Arguments = arguments;
        IsOutOfBand = isOutOfBand;
        HasId = hasId;
        Id = id;
        Error = error;
    }

    public string? Command { get; }

    public JsonObject? Arguments { get; }

    public bool IsOutOfBand { get; }

    public bool HasId { get; }

    public JsonNode? Id { get; }

    public QmpException? Error { get; }

    public static QmpRequest Failed(string description) => new(null, null, false, false, null, new QmpException(description));

    /// <summary>Checks the members of a value in their order, then what is missing.</summary>
    public static QmpRequest Parse(JsonNode? value, bool outOfBandEnabled)
    {
        if (value is not JsonObject members)
            return Failed("QMP input must be a JSON object");
        bool hasId = members.TryGetPropertyValue("id", out JsonNode? id);
        string? command = null;
        string? keyword = null;
        JsonObject? arguments = null;
        string? error = null;
        foreach ((string name, JsonNode? member) in members)
        {
            error = name switch
            {
                "execute" => CheckCommand(name, member, ref keyword, ref command),
                "exec-oob" when outOfBandEnabled => CheckCommand(name, member, ref keyword, ref command),
                "arguments" => (arguments = member as JsonObject) is null ? "QMP input member 'arguments' must be an object" : null,
                "id" => null,
                _ => $"QMP input member '{name}' is unexpected",
            };
            if (error is not null)
                break;
        }

        if (error is null && command is null)
            error = "QMP input lacks member 'execute'";
        return new QmpRequest(
            command, arguments, keyword is "exec-oob", hasId, id, error is null ? null : new QmpException(error));
    }

    private static string? CheckCommand(string name, JsonNode? member, ref string? keyword, ref string? command)
    {
        if (member is null || member.GetValueKind() != JsonValueKind.String)
            return $"QMP input member '{name}' must be a string";
        if (keyword is not null)
            return $"QMP input member '{name}' clashes with '{keyword}'";
        keyword = name;
        command = member.GetValue<string>();
        return null;
    }
}
