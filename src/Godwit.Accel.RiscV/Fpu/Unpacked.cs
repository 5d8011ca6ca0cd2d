using System.Numerics;
using System.Runtime.InteropServices;

namespace Godwit.Accel.RiscV;

/// <summary>
/// A floating-point value taken apart. A finite value is <c>Significand · 2^(Exponent − 63)</c>, with the highest bit of the significand set.
/// </summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct Unpacked(FloatKind Kind, bool IsNegative, int Exponent, ulong Significand)
{
    internal bool IsNaN => Kind >= FloatKind.QuietNaN;

    internal static Unpacked From(ulong bits, in FloatFormat format)
    {
        bool negative = (bits & format.SignBit) != 0;
        ulong fraction = bits & format.SignificandMask;
        var exponent = (int)(bits >> format.SignificandBits & format.ExponentMask);
        if (exponent == (int)format.ExponentMask)
        {
            FloatKind kind = fraction == 0 ? FloatKind.Infinity
                : (fraction & format.QuietBit) != 0 ? FloatKind.QuietNaN : FloatKind.SignallingNaN;
            return new Unpacked(kind, negative, 0, 0);
        }

        if (exponent != 0)
        {
            ulong significand = (fraction | 1UL << format.SignificandBits) << (64 - format.Precision);
            return new Unpacked(FloatKind.Finite, negative, exponent - format.Bias, significand);
        }

        if (fraction == 0)
            return new Unpacked(FloatKind.Zero, negative, 0, 0);
        int zeros = BitOperations.LeadingZeroCount(fraction);
        return new Unpacked(FloatKind.Finite, negative, format.MinimumExponent + (64 - format.Precision - zeros), fraction << zeros);
    }
}
