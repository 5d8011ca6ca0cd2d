using System.Text.Json;
using System.Text.Json.Nodes;
using Godwit.Native;

namespace Godwit.Vmm;

/// <summary>The list of a store's snapshots as a file (docs/formats/snapshot-store.md, "Index").</summary>
internal static class SnapshotIndex
{
    public const string FileName = "snapshots.json";

    private const string Format = "godwit-snapshots";
    private const int Version = 1;
    private const int MaximumBytes = 16 << 20;
    private const int MaximumTagCharacters = 1023;

    /// <summary>Reads the list; a store without one is empty.</summary>
    /// <exception cref="VmRefusedException">The file is not a list of snapshots.</exception>
    public static List<SnapshotInfo> Read(string directory)
    {
        string path = Path.Combine(directory, FileName);
        try
        {
            if (!File.Exists(path))
                return [];
            if (new FileInfo(path).Length > MaximumBytes)
                throw new FormatException("it is too long");
            return Parse(File.ReadAllBytes(path));
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException or KeyNotFoundException)
        {
            throw new VmRefusedException($"{path} is not a list of snapshots: {e.Message}", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new VmRefusedException($"{path} cannot be read: {FileSystem.Describe(e, path)}", e);
        }
    }

    /// <summary>Replaces the list as a whole.</summary>
    public static void Write(string directory, IReadOnlyList<SnapshotInfo> snapshots)
    {
        var list = new JsonArray();
        foreach (SnapshotInfo snapshot in snapshots)
        {
            list.Add((JsonNode)new JsonObject
            {
                ["id"] = snapshot.Id,
                ["tag"] = snapshot.Tag,
                ["date"] = snapshot.SavedAt.ToUniversalTime().ToString("O", System.Globalization.CultureInfo.InvariantCulture),
                ["vm-clock-nsec"] = snapshot.Clock.Ticks * 100,
                ["vm-state-size"] = snapshot.SizeBytes,
            });
        }

        var text = new JsonObject { ["format"] = Format, ["version"] = Version, ["snapshots"] = list };
        string path = Path.Combine(directory, FileName);
        File.WriteAllText(path + ".new", text.ToJsonString(new JsonSerializerOptions { WriteIndented = true }) + "\n");
        File.Move(path + ".new", path, overwrite: true);
    }

    /// <summary>Checks a tag.</summary>
    /// <exception cref="VmRefusedException">It cannot be a tag.</exception>
    public static void CheckTag(string tag)
    {
        if (tag.Length > MaximumTagCharacters)
            throw new VmRefusedException($"A snapshot's tag has at most {MaximumTagCharacters} characters");
    }

    private static List<SnapshotInfo> Parse(byte[] bytes)
    {
        using JsonDocument document = JsonDocument.Parse(bytes);
        JsonElement root = document.RootElement;
        if (root.GetProperty("format").GetString() != Format || root.GetProperty("version").GetInt32() != Version)
            throw new FormatException($"it is not of format {Format}, version {Version}");
        var list = new List<SnapshotInfo>();
        foreach (JsonElement entry in root.GetProperty("snapshots").EnumerateArray())
        {
            var info = new SnapshotInfo(
                entry.GetProperty("id").GetInt32(),
                entry.GetProperty("tag").GetString() ?? "",
                entry.GetProperty("date").GetDateTimeOffset(),
                TimeSpan.FromTicks(entry.GetProperty("vm-clock-nsec").GetInt64() / 100),
                entry.GetProperty("vm-state-size").GetInt64());
            if (info.Id < 1 || info.SizeBytes < 0 || info.Tag.Length > MaximumTagCharacters || list.Exists(other => other.Id == info.Id || other.Tag == info.Tag))
                throw new FormatException($"entry {list.Count} has an id, tag or size that cannot be");
            list.Add(info);
        }

        return list;
    }
}
