using System.Globalization;
using Godwit.Migration;

namespace Godwit.Vmm;

/// <summary>Values of migration parameters given as text, on the command line or to the human monitor.</summary>
public static class MigrationParameterText
{
    private const string Suffixes = "BKMGTPE";

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
                return TryParseSize(text, plainUnit, out ulong number)
                    ? MigrationParameterValue.FromInteger(number)
                    : throw new MigrationRefusedException($"Invalid size {text}");
            default:
                return MigrationParameterValue.FromText(text);
        }
    }

    /// <summary>Reads a number with an optional fraction and a suffix b, k, M, G, T, P or E (powers of 1024).</summary>
    /// <param name="text">The text.</param>
    /// <param name="plainUnit">Bytes that a number without suffix counts in.</param>
    /// <param name="bytes">The value.</param>
    public static bool TryParseSize(string text, ulong plainUnit, out ulong bytes)
    {
        ArgumentNullException.ThrowIfNull(text);
        bytes = 0;
        if (text.Length == 0)
            return false;
        int suffix = Suffixes.IndexOf(char.ToUpperInvariant(text[^1]), StringComparison.Ordinal);
        ReadOnlySpan<char> digits = suffix < 0 ? text : text.AsSpan(0, text.Length - 1);
        ulong unit = suffix < 0 ? plainUnit : 1UL << (10 * suffix);
        if (!decimal.TryParse(digits, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal value)
            || value > ulong.MaxValue / unit)
            return false;
        bytes = (ulong)(value * unit);
        return true;
    }
}
