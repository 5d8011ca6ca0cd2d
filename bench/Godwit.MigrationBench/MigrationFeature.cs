using System.Text.Json.Nodes;

namespace Godwit.MigrationBench;

/// <summary>Capabilities and parameters that both ends are given before a migration.</summary>
/// <param name="Name">Name in the table.</param>
/// <param name="Capabilities">Switched on at both ends.</param>
/// <param name="Parameters">Set at both ends.</param>
internal sealed record MigrationFeature(string Name, IReadOnlyList<string> Capabilities, IReadOnlyList<KeyValuePair<string, JsonNode>> Parameters)
{
    public static MigrationFeature Plain { get; } = new("plain", [], []);

    public static MigrationFeature Xbzrle { get; } = new("xbzrle", ["xbzrle"], [KeyValuePair.Create("xbzrle-cache-size", (JsonNode)(1L << 30))]);

    public static MigrationFeature AutoConverge { get; } = new("auto-converge", ["auto-converge"], []);

    /// <summary>A file with a place for each page.</summary>
    public static MigrationFeature MappedRam { get; } = new("mapped-ram", ["mapped-ram"], []);

    /// <summary>The same, written or read by parallel channels.</summary>
    public static MigrationFeature MappedRamMultiFd(int channels) =>
        new("mapped-ram multifd", ["mapped-ram", "multifd"], [KeyValuePair.Create("multifd-channels", (JsonNode)channels)]);

    /// <summary>Parallel channels.</summary>
    public static MigrationFeature MultiFd(int channels, string compression) => new(
        compression == "none" ? "multifd" : $"multifd {compression}",
        ["multifd"],
        [KeyValuePair.Create("multifd-channels", (JsonNode)channels), KeyValuePair.Create("multifd-compression", (JsonNode)compression)]);
}
