using System.Runtime.InteropServices;

namespace Godwit.Accel.RiscV;

/// <summary>A binary interchange format of IEEE 754.</summary>
/// <param name="Precision">Bits of the significand, with the hidden one.</param>
/// <param name="ExponentBits">Bits of the exponent field.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct FloatFormat(int Precision, int ExponentBits)
{
    internal static FloatFormat Single => new(24, 8);

    internal static FloatFormat Double => new(53, 11);

    internal int Bias => (1 << (ExponentBits - 1)) - 1;

    internal int MinimumExponent => 1 - Bias;

    internal int MaximumExponent => Bias;

    internal int SignificandBits => Precision - 1;

    internal ulong SignificandMask => (1UL << SignificandBits) - 1;

    internal ulong ExponentMask => (1UL << ExponentBits) - 1;

    internal ulong SignBit => 1UL << (SignificandBits + ExponentBits);

    internal ulong QuietBit => 1UL << (SignificandBits - 1);

    internal ulong Infinity => ExponentMask << SignificandBits;

    /// <summary>Gets the one NaN that results have.</summary>
    internal ulong CanonicalNaN => Infinity | QuietBit;
}
