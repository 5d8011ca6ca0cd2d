using System.Globalization;

namespace Godwit.Cli;

/// <summary>Sizes as QEMU spells them: a number, perhaps with a fraction, and one of the suffixes b k M G T P E (powers of 1024).</summary>
internal static class SizeText
{
    private const string Suffixes = "bkmgtpe";

    /// <summary>Reads a size.</summary>
    /// <param name="text">The text.</param>
    /// <param name="plainUnit">Bytes that a number without suffix counts in.</param>
    /// <param name="bytes">The size in bytes.</param>
    public static bool TryParse(string text, ulong plainUnit, out ulong bytes)
    {
        bytes = 0;
        if (text.Length == 0)
            return false;
        ulong unit = plainUnit;
        string number = text;
        int suffix = Suffixes.IndexOf(char.ToLowerInvariant(text[^1]), StringComparison.Ordinal);
        if (suffix >= 0)
        {
            unit = 1UL << (10 * suffix);
            number = text[..^1];
        }

        if (!decimal.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal value))
            return false;
        try
        {
            value *= unit;
        }
        catch (OverflowException)
        {
            return false;
        }

        if (value != decimal.Truncate(value) || value > ulong.MaxValue)
            return false;
        bytes = (ulong)value;
        return true;
    }

    /// <summary>A size for people: three digits or so, and a binary unit.</summary>
    public static string Format(double bytes)
    {
        ReadOnlySpan<string> units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
        int unit = 0;
        while (bytes >= 1000 && unit < units.Length - 1)
        {
            bytes /= 1024;
            unit++;
        }

        string format = unit == 0 ? "0" : bytes >= 100 ? "0" : bytes >= 10 ? "0.0" : "0.00";
        return bytes.ToString(format, CultureInfo.InvariantCulture) + " " + units[unit];
    }
}
