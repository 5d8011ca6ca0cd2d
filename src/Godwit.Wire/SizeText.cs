using System.Globalization;

namespace Godwit.Wire;

/// <summary>Sizes as QEMU spells them: a number, perhaps with a fraction, and one of the suffixes b k M G T P E (powers of 1024).</summary>
public static class SizeText
{
    private const string Suffixes = "BKMGTPE";

    /// <summary>Parts the suffix from the number.</summary>
    /// <param name="text">The text.</param>
    /// <param name="plainUnit">Bytes that a number without suffix counts in.</param>
    /// <param name="number">What stands before the suffix; anything, or nothing.</param>
    /// <returns>Bytes that the number counts in.</returns>
    public static ulong Split(ReadOnlySpan<char> text, ulong plainUnit, out ReadOnlySpan<char> number)
    {
        int suffix = text.IsEmpty ? -1 : Suffixes.IndexOf(char.ToUpperInvariant(text[^1]), StringComparison.Ordinal);
        number = suffix < 0 ? text : text[..^1];
        return suffix < 0 ? plainUnit : 1UL << (10 * suffix);
    }

    /// <summary>Reads a size of whole bytes.</summary>
    /// <param name="text">The text.</param>
    /// <param name="plainUnit">Bytes that a number without suffix counts in.</param>
    /// <param name="bytes">The size in bytes.</param>
    public static bool TryParse(string text, ulong plainUnit, out ulong bytes) =>
        TryParse(text, plainUnit, out bytes, out bool isWhole) && isWhole;

    /// <summary>Reads a size.</summary>
    /// <param name="text">The text.</param>
    /// <param name="plainUnit">Bytes that a number without suffix counts in.</param>
    /// <param name="bytes">The size in bytes, without its fraction of a byte.</param>
    /// <param name="isWhole">Whether there was no such fraction.</param>
    public static bool TryParse(string text, ulong plainUnit, out ulong bytes, out bool isWhole)
    {
        ArgumentNullException.ThrowIfNull(text);
        bytes = 0;
        isWhole = false;
        ulong unit = Split(text, plainUnit, out ReadOnlySpan<char> number);
        if (!decimal.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal value)
            || value > (decimal)ulong.MaxValue / unit)
            return false;
        value *= unit;
        bytes = (ulong)value;
        isWhole = value == bytes;
        return true;
    }

    /// <summary>A size for people in three digits, with a binary unit, which changes at 1000 of the smaller one.</summary>
    /// <param name="bytes">The size in bytes.</param>
    /// <param name="keepsZeros">Whether a fraction keeps the zeros at its end.</param>
    public static string Format(double bytes, bool keepsZeros = true)
    {
        ReadOnlySpan<string> units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
        int unit = 0;
        for (; bytes >= 1000 && unit < units.Length - 1; unit++)
            bytes /= 1024;
        string format = unit == 0 || bytes >= 100 ? "0" : (bytes >= 10, keepsZeros) switch
        {
            (true, true) => "0.0",
            (true, false) => "0.#",
            (false, true) => "0.00",
            (false, false) => "0.##",
        };
        return bytes.ToString(format, CultureInfo.InvariantCulture) + " " + units[unit];
    }
}
