using System.Text.Json.Nodes;

namespace Godwit.Qmp;

/// <summary>The version a QMP server presents in its greeting and in <c>query-version</c>.</summary>
/// <param name="Major">First number.</param>
/// <param name="Minor">Second number.</param>
/// <param name="Micro">Third number.</param>
/// <param name="Package">Free text, may be empty.</param>
public sealed record QmpVersion(int Major, int Minor, int Micro, string Package)
{
    /// <summary>The object of the greeting's <c>version</c> member.</summary>
    public JsonObject ToJson() => new()
    {
        ["qemu"] = new JsonObject { ["micro"] = Micro, ["minor"] = Minor, ["major"] = Major },
        ["package"] = Package,
    };

    /// <summary>Reads the object that <see cref="ToJson"/> makes.</summary>
    /// <param name="node">A <c>version</c> member.</param>
    /// <returns>The version, or null when the shape is another.</returns>
    public static QmpVersion? FromJson(JsonNode? node)
    {
        if (node is not JsonObject version || version["qemu"] is not JsonObject numbers
            || !numbers["major"].TryGetInteger(out Int128 major) || !numbers["minor"].TryGetInteger(out Int128 minor)
            || !numbers["micro"].TryGetInteger(out Int128 micro)
            || !InRange(major) || !InRange(minor) || !InRange(micro))
            return null;
        string package = version["package"] is JsonValue text && text.TryGetValue(out string? s) ? s : "";
        return new QmpVersion((int)major, (int)minor, (int)micro, package);

        static bool InRange(Int128 value) => value >= 0 && value <= int.MaxValue;
    }

    /// <summary>"10.0.2" with the package behind it, if any, as <c>info version</c> prints it.</summary>
    public override string ToString() => $"{Major}.{Minor}.{Micro}{Package}";
}
