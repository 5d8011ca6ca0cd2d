using System.Globalization;

namespace Godwit.Wire;

/// <summary>Writes numbers for the <c>expected</c> and <c>found</c> of a refusal, the same in every culture; meant for <c>using static</c>.</summary>
public static class StreamNumber
{
    /// <summary><c>0x</c> and at least <paramref name="digits"/> digits.</summary>
    public static string Hex(ulong value, int digits = 1) => "0x" + value.ToString("x", CultureInfo.InvariantCulture).PadLeft(digits, '0');

    /// <summary>A decimal number.</summary>
    public static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);
}
