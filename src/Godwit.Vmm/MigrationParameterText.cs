using Godwit.Migration;
using Godwit.Wire;

namespace Godwit.Vmm;

/// <summary>Values of migration parameters given as text, on the command line or to the human monitor.</summary>
public static class MigrationParameterText
{
    /// <summary>Reads a value of a parameter's type.</summary>
    /// <param name="info">The parameter.</param>
    /// <param name="text">The text: a number with an optional suffix, on or off, or a word.</param>
    /// <param name="plainUnit">Bytes that a number without suffix counts in.</param>
    /// <exception cref="MigrationRefusedException">The text is no such value; the text of the exception is for people.</exception>
    public static MigrationParameterValue Parse(MigrationParameterInfo info, string text, ulong plainUnit)
    {
        ArgumentNullException.ThrowIfNull(info);
        ArgumentNullException.ThrowIfNull(text);
        switch (info.Kind)
        {
            case MigrationParameterKind.Boolean:
                return MigrationParameterValue.FromBoolean(text switch
                {
                    "on" or "true" or "yes" or "y" => true,
                    "off" or "false" or "no" or "n" => false,
                    _ => throw new MigrationRefusedException($"Parameter '{info.Name}' expects 'on' or 'off'"),
                });
            case MigrationParameterKind.Size or MigrationParameterKind.Octet or MigrationParameterKind.Word:
                return SizeText.TryParse(text, plainUnit, out ulong number, out _)
                    ? MigrationParameterValue.FromInteger(number)
                    : throw new MigrationRefusedException($"Invalid size {text}");
            default:
                return MigrationParameterValue.FromText(text);
        }
    }
}
