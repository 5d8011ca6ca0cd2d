using System.Text.Json.Nodes;

namespace Godwit.Vmm;

/// <summary>Something that happened to a machine, as monitors report it.</summary>
/// <param name="Name">Name of the event, such as <c>STOP</c>.</param>
/// <param name="Data">Its data, or null for none.</param>
public sealed record VmEvent(string Name, JsonObject? Data = null);
