using System.Text.Json.Nodes;

namespace Godwit.Qmp;

/// <summary>One complete thing read from a monitor: a JSON value, or the description of why there is none.</summary>
/// <param name="Value">The value; null for JSON <c>null</c> and for errors.</param>
/// <param name="Error">QEMU's error text, or null when <see cref="Value"/> holds.</param>
public readonly record struct QmpJsonInput(JsonNode? Value, string? Error)
{
    /// <summary>True when the bytes were not JSON.</summary>
    public bool IsError => Error is not null;
}
