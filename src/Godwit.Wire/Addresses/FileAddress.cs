using System.Globalization;

namespace Godwit.Wire;

/// <summary>A file.</summary>
/// <param name="Path">Its path; <c>/dev/fdset/N</c> is a set of descriptors that the monitor was given.</param>
/// <param name="Offset">Where the stream starts in it, in bytes.</param>
public sealed record FileAddress(string Path, long Offset = 0) : MigrationAddress
{
    private const string OffsetOption = ",offset=";

    /// <inheritdoc/>
    public override bool IsMultiChannel => true;

    /// <inheritdoc/>
    public override bool IsSeekable => true;

    /// <inheritdoc/>
    public override string ToUri()
        => Offset == 0 ? "file:" + Path : string.Create(CultureInfo.InvariantCulture, $"file:{Path}{OffsetOption}0x{Offset:x}");

    internal static FileAddress Parse(string text)
    {
        var option = text.IndexOf(OffsetOption, StringComparison.Ordinal);
        if (option < 0)
            return new FileAddress(text);
        var size = text[(option + OffsetOption.Length)..];
        return TryParseSize(size, out var offset, out var reason)
            ? new FileAddress(text[..option], offset)
            : throw new MigrationAddressException($"file URI has bad offset {size}: {reason}");
    }

    /// <summary>A number of bytes: hexadecimal without suffix, or decimal with an optional fraction and a suffix of 1024s.</summary>
    private static bool TryParseSize(string text, out long bytes, out string reason)
    {
        const string Invalid = "Invalid argument";
        const string OutOfRange = "Numerical result out of range";
        bytes = 0;
        reason = Invalid;
        var isNegative = text.StartsWith('-');
        var digits = isNegative ? text[1..] : text;
        if (digits.StartsWith("0x", StringComparison.OrdinalIgnoreCase))
        {
            var hex = digits[2..];
            if (hex.Length == 0 || !hex.All(char.IsAsciiHexDigit))
                return false;
            reason = OutOfRange;
            return !isNegative && ulong.TryParse(hex, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value)
                && (bytes = (long)Math.Min(value, long.MaxValue)) >= 0 && value <= long.MaxValue;
        }

        var unit = SizeText.Split(digits, 1, out var number);
        // A fraction of a byte makes no sense: it takes a suffix.
        var style = unit > 1 ? NumberStyles.AllowDecimalPoint : NumberStyles.None;
        if (!decimal.TryParse(number, style, CultureInfo.InvariantCulture, out var amount))
        {
            if (number.Length > 0 && !number.ContainsAnyExceptInRange('0', '9'))
                reason = OutOfRange;
            return false;
        }

        reason = OutOfRange;
        if (isNegative && amount != 0)
            return false;
        if (amount > long.MaxValue / (long)unit)
            return false;
        bytes = (long)(amount * unit);
        return true;
    }
}
