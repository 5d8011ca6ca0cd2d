using System.Globalization;

namespace Godwit.Machine;

/// <summary>
/// An immediate operand: which values it takes and where its bits go in the instruction word.
/// </summary>
/// <remarks>The layout is written as in the manual's tables: <c>12@31 10:5@25</c> puts bit 12 at position 31 and bits 10..5 from position 25 up.</remarks>
internal sealed class BitField
{
    private readonly (int High, int Low, int Position)[] _parts;

    public BitField(long minimum, long maximum, int alignment, string layout, bool isPcRelative = false, bool isNonZero = false)
    {
        Minimum = minimum;
        Maximum = maximum;
        Alignment = alignment;
        IsPcRelative = isPcRelative;
        IsNonZero = isNonZero;
        _parts = [.. layout.Split(' ').Select(ParsePart)];
    }

    public long Minimum { get; }

    public long Maximum { get; }

    public int Alignment { get; }

    public bool IsPcRelative { get; }

    public bool IsNonZero { get; }

    public bool Accepts(long value) =>
        value >= Minimum && value <= Maximum && value % Alignment == 0 && !(IsNonZero && value == 0);

    public uint Encode(long value)
    {
        uint word = 0;
        foreach ((int high, int low, int position) in _parts)
        {
            ulong mask = (1UL << (high - low + 1)) - 1;
            word |= (uint)((((ulong)value >> low) & mask) << position);
        }

        return word;
    }

    private static (int High, int Low, int Position) ParsePart(string part)
    {
        string[] sides = part.Split('@');
        string[] bits = sides[0].Split(':');
        int high = int.Parse(bits[0], CultureInfo.InvariantCulture);
        int low = int.Parse(bits[^1], CultureInfo.InvariantCulture);
        return (high, low, int.Parse(sides[1], CultureInfo.InvariantCulture));
    }
}
