using System.Globalization;
using Godwit.Wire;

namespace Godwit.VmState;

/// <summary>The texts of load errors, in the words that peers use (docs/formats/commands.md, "Refusals").</summary>
internal static class VmStateErrors
{
    public static StreamFormatException TooNew(MigrationReader reader, string name, uint found, uint local) =>
        reader.Error(
            Text($"{name}: incoming version_id {found} is too new for local version_id {local}"),
            Text($"version at most {local}"),
            Text($"{found}"));

    public static StreamFormatException TooOld(MigrationReader reader, PeerProfile profile, string name, uint found, uint minimum)
    {
        // Releases with one line per error level print two spaces here.
        string gap = profile.HasOneLineErrors ? " " : "  ";
        return reader.Error(
            Text($"{name}: incoming version_id {found} is too old for local minimum version_id{gap}{minimum}"),
            Text($"version at least {minimum}"),
            Text($"{found}"));
    }

    public static StreamFormatException UnsupportedSectionVersion(MigrationReader reader, PeerProfile profile, string idString, uint found, uint local)
    {
        string prefix = profile.HasOneLineErrors ? "" : "savevm: ";
        return reader.Error(
            Text($"{prefix}unsupported version {found} for '{idString}' v{local}"),
            Text($"version at most {local}"),
            Text($"{found}"));
    }

    public static StreamFormatException UnknownSubsection(MigrationReader reader, string parent, string name) =>
        reader.Error($"VM subsection '{name}' in '{parent}' does not exist", "a known subsection or none", name);

    public static StreamFormatException FieldFailed(MigrationReader reader, string description, string field, StreamFormatException cause) =>
        new($"Failed to load {description}:{field}: {cause.Reason}", cause.Offset, cause.Section ?? reader.Section, cause.Expected, cause.Found);

    public static StreamFormatException FieldFailed(MigrationReader reader, string description, string field, long offset, VmStateException refusal) =>
        reader.Error($"Failed to load {description}:{field}: {refusal.Message}", refusal.Expected, refusal.Found, offset);

    public static StreamFormatException BadCount(MigrationReader reader, string field, long count, long maximum) =>
        reader.Error(Text($"count of '{field}' out of range"), Text($"0..{maximum}"), Text($"{count}"));

    public static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
