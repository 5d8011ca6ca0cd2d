using System.Text.Json.Nodes;

namespace Godwit.Qmp;

/// <summary>An event as a client receives it.</summary>
/// <param name="Name">Name, such as <c>STOP</c>.</param>
/// <param name="Data">The data, or null when the event has none.</param>
/// <param name="Timestamp">When the server says it happened; null when it could not tell.</param>
public sealed record QmpEvent(string Name, JsonObject? Data, DateTimeOffset? Timestamp)
{
    /// <summary>A string member of the data, or null.</summary>
    /// <param name="member">Name of the member.</param>
    public string? GetString(string member) =>
        Data?[member] is JsonValue value && value.TryGetValue(out string? text) ? text : null;
}
