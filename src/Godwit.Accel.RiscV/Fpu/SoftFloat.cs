using System.Numerics;

namespace Godwit.Accel.RiscV;

/// <summary>
/// Arithmetic of IEEE 754-2008 in integers: exact results in all five rounding modes, exact flags, tininess after rounding.
/// </summary>
/// <remarks>
/// Every operation makes the exact result as a wide integer whose lowest bit is sticky (set when anything non-zero was dropped below it), and
/// <see cref="Round"/> turns it into the format once. Any NaN result is the canonical one.
/// </remarks>
internal static class SoftFloat
{
    internal static ulong Add(ulong a, ulong b, bool subtract, in FloatFormat format, int mode, ref uint flags)
    {
        if (subtract)
            b ^= format.SignBit;
        Unpacked x = Unpacked.From(a, format);
        Unpacked y = Unpacked.From(b, format);
        if (x.IsNaN || y.IsNaN)
            return NaNResult(x, y, format, ref flags);
        if (x.Kind == FloatKind.Infinity || y.Kind == FloatKind.Infinity)
        {
            if (x.Kind == y.Kind && x.IsNegative != y.IsNegative)
                return InvalidResult(format, ref flags);
            return x.Kind == FloatKind.Infinity ? a : b;
        }

        if (y.Kind == FloatKind.Zero)
            return x.Kind == FloatKind.Zero ? ZeroSum(x.IsNegative, y.IsNegative, format, mode) : a;
        if (x.Kind == FloatKind.Zero)
            return b;
        return AddWide(
            x.IsNegative, (UInt128)x.Significand << 61, x.Exponent - 124,
            y.IsNegative, (UInt128)y.Significand << 61, y.Exponent - 124, format, mode, ref flags);
    }

    internal static ulong Multiply(ulong a, ulong b, in FloatFormat format, int mode, ref uint flags)
    {
        Unpacked x = Unpacked.From(a, format);
        Unpacked y = Unpacked.From(b, format);
        if (x.IsNaN || y.IsNaN)
            return NaNResult(x, y, format, ref flags);
        bool negative = x.IsNegative != y.IsNegative;
        if (x.Kind == FloatKind.Infinity || y.Kind == FloatKind.Infinity)
        {
            return x.Kind == FloatKind.Zero || y.Kind == FloatKind.Zero
                ? InvalidResult(format, ref flags) : Signed(format.Infinity, negative, format);
        }

        if (x.Kind == FloatKind.Zero || y.Kind == FloatKind.Zero)
            return Signed(0, negative, format);
        UInt128 product = (UInt128)x.Significand * y.Significand;
        return RoundWide(negative, product, x.Exponent + y.Exponent - 126, format, mode, ref flags);
    }

    internal static ulong Divide(ulong a, ulong b, in FloatFormat format, int mode, ref uint flags)
    {
        Unpacked x = Unpacked.From(a, format);
        Unpacked y = Unpacked.From(b, format);
        if (x.IsNaN || y.IsNaN)
            return NaNResult(x, y, format, ref flags);
        bool negative = x.IsNegative != y.IsNegative;
        if (x.Kind == y.Kind && x.Kind != FloatKind.Finite)
            return InvalidResult(format, ref flags);
        if (x.Kind == FloatKind.Infinity)
            return Signed(format.Infinity, negative, format);
        if (x.Kind == FloatKind.Zero || y.Kind == FloatKind.Infinity)
            return Signed(0, negative, format);
        if (y.Kind == FloatKind.Zero)
        {
            flags |= FloatFlags.DivideByZero;
            return Signed(format.Infinity, negative, format);
        }

        (UInt128 quotient, UInt128 rest) = UInt128.DivRem((UInt128)x.Significand << 63, y.Significand);
        UInt128 sticky = rest != 0 ? UInt128.One : UInt128.Zero;
        return RoundWide(negative, quotient << 1 | sticky, x.Exponent - y.Exponent - 64, format, mode, ref flags);
    }

    internal static ulong SquareRoot(ulong a, in FloatFormat format, int mode, ref uint flags)
    {
        Unpacked x = Unpacked.From(a, format);
        if (x.IsNaN)
            return NaNResult(x, x, format, ref flags);
        if (x.Kind == FloatKind.Zero)
            return a;
        if (x.IsNegative)
            return InvalidResult(format, ref flags);
        if (x.Kind == FloatKind.Infinity)
            return a;

        // value = n · 2^scale with an even scale, so that the root's scale is half of it.
        int scale = x.Exponent - 63;
        UInt128 n = x.Significand;
        if ((scale & 1) != 0)
        {
            n <<= 1;
            scale--;
        }

        n <<= 62;
        scale -= 62;
        UInt128 root = IntegerSquareRoot(n);
        UInt128 sticky = root * root != n ? UInt128.One : UInt128.Zero;
        return RoundWide(negative: false, root << 1 | sticky, (scale / 2) - 1, format, mode, ref flags);
    }

    /// <summary>Computes a·b + c with one rounding; the signs of the product and of c are changed as asked for.</summary>
    internal static ulong MultiplyAdd(
        ulong a, ulong b, ulong c, bool negateProduct, bool negateAddend, in FloatFormat format, int mode, ref uint flags)
    {
        if (negateAddend)
            c ^= format.SignBit;
        Unpacked x = Unpacked.From(a, format);
        Unpacked y = Unpacked.From(b, format);
        Unpacked z = Unpacked.From(c, format);
        bool infinityTimesZero = (x.Kind == FloatKind.Infinity && y.Kind == FloatKind.Zero)
            || (x.Kind == FloatKind.Zero && y.Kind == FloatKind.Infinity);
        if (x.IsNaN || y.IsNaN || z.IsNaN || infinityTimesZero)
        {
            bool signals = x.Kind == FloatKind.SignallingNaN || y.Kind == FloatKind.SignallingNaN || z.Kind == FloatKind.SignallingNaN;
            if (signals || infinityTimesZero)
                flags |= FloatFlags.Invalid;
            return format.CanonicalNaN;
        }

        bool negative = x.IsNegative != y.IsNegative != negateProduct;
        if (x.Kind == FloatKind.Infinity || y.Kind == FloatKind.Infinity)
        {
            return z.Kind == FloatKind.Infinity && z.IsNegative != negative
                ? InvalidResult(format, ref flags) : Signed(format.Infinity, negative, format);
        }

        if (z.Kind == FloatKind.Infinity)
            return c;
        if (x.Kind == FloatKind.Zero || y.Kind == FloatKind.Zero)
            return z.Kind == FloatKind.Zero ? ZeroSum(negative, z.IsNegative, format, mode) : c;

        // The two lowest bits of the product are zero: each factor ends in at least eleven.
        UInt128 product = ((UInt128)x.Significand * y.Significand) >> 2;
        int scale = x.Exponent + y.Exponent - 124;
        return z.Kind == FloatKind.Zero
            ? RoundWide(negative, product, scale, format, mode, ref flags)
            : AddWide(
                negative, product, scale, z.IsNegative, (UInt128)z.Significand << 61, z.Exponent - 124, format, mode, ref flags);
    }

    /// <summary>Converts between formats.</summary>
    internal static ulong Convert(ulong a, in FloatFormat from, in FloatFormat to, int mode, ref uint flags)
    {
        Unpacked x = Unpacked.From(a, from);
        return x.Kind switch
        {
            FloatKind.Zero => Signed(0, x.IsNegative, to),
            FloatKind.Infinity => Signed(to.Infinity, x.IsNegative, to),
            FloatKind.Finite => Round(x.IsNegative, x.Exponent, x.Significand, to, mode, ref flags),
            _ => NaNResult(x, x, to, ref flags),
        };
    }

    /// <summary>Converts an integer, given as sign and magnitude.</summary>
    internal static ulong FromInteger(bool negative, ulong magnitude, in FloatFormat format, int mode, ref uint flags)
    {
        if (magnitude == 0)
            return 0;
        int zeros = BitOperations.LeadingZeroCount(magnitude);
        return Round(negative, 63 - zeros, magnitude << zeros, format, mode, ref flags);
    }

    /// <summary>Converts to an integer of 32 or 64 bits; out of range gives the nearest limit and the invalid flag alone.</summary>
    /// <returns>The integer's bits; 32-bit results are not extended.</returns>
    internal static ulong ToInteger(ulong a, in FloatFormat format, int bits, bool signed, int mode, ref uint flags)
    {
        Unpacked x = Unpacked.From(a, format);
        ulong largest = signed ? (1UL << (bits - 1)) - 1 : ulong.MaxValue >> (64 - bits);
        ulong smallestMagnitude = signed ? 1UL << (bits - 1) : 0;
        if (x.Kind == FloatKind.Zero)
            return 0;
        if (x.IsNaN || x.Kind == FloatKind.Infinity || x.Exponent > 63)
        {
            flags |= FloatFlags.Invalid;
            return x.IsNegative && !x.IsNaN ? 0 - smallestMagnitude : largest;
        }

        // Integer part in the upper half, fraction in the lower.
        UInt128 wide = ShiftRightSticky((UInt128)x.Significand << 64, 63 - x.Exponent);
        var integer = (ulong)(wide >> 64);
        var fraction = (ulong)wide;
        UInt128 rounded = integer;
        if (RoundsUp(mode, x.IsNegative, (integer & 1) != 0, fraction, 1UL << 63))
            rounded += 1;
        if (rounded > (x.IsNegative ? smallestMagnitude : largest))
        {
            flags |= FloatFlags.Invalid;
            return x.IsNegative ? 0 - smallestMagnitude : largest;
        }

        if (fraction != 0)
            flags |= FloatFlags.Inexact;
        return x.IsNegative ? 0 - (ulong)rounded : (ulong)rounded;
    }

    /// <summary>The result of an operation with a NaN operand: the canonical NaN, invalid if one of them signals.</summary>
    internal static ulong NaNResult(in Unpacked x, in Unpacked y, in FloatFormat format, ref uint flags)
    {
        if (x.Kind == FloatKind.SignallingNaN || y.Kind == FloatKind.SignallingNaN)
            flags |= FloatFlags.Invalid;
        return format.CanonicalNaN;
    }

    private static ulong InvalidResult(in FloatFormat format, ref uint flags)
    {
        flags |= FloatFlags.Invalid;
        return format.CanonicalNaN;
    }

    private static ulong Signed(ulong magnitude, bool negative, in FloatFormat format) =>
        negative ? magnitude | format.SignBit : magnitude;

    private static ulong ZeroSum(bool firstNegative, bool secondNegative, in FloatFormat format, int mode) =>
        Signed(0, firstNegative == secondNegative ? firstNegative : mode == RoundingMode.Down, format);

    /// <summary>Adds two values <c>v · 2^scale</c> whose highest bit is 124 or 125.</summary>
    private static ulong AddWide(
        bool firstNegative, UInt128 first, int firstScale, bool secondNegative, UInt128 second, int secondScale,
        in FloatFormat format, int mode, ref uint flags)
    {
        // What is shifted out leaves its trace in the lowest bit, far below the rounding position unless the operands nearly cancel;
        // they can only do that when the scales are so close that nothing is shifted out.
        int scale = Math.Max(firstScale, secondScale);
        first = ShiftRightSticky(first, scale - firstScale);
        second = ShiftRightSticky(second, scale - secondScale);
        if (firstNegative == secondNegative)
            return RoundWide(firstNegative, first + second, scale, format, mode, ref flags);
        if (first == second)
            return Signed(0, mode == RoundingMode.Down, format);
        return first > second
            ? RoundWide(firstNegative, first - second, scale, format, mode, ref flags)
            : RoundWide(secondNegative, second - first, scale, format, mode, ref flags);
    }

    private static ulong RoundWide(bool negative, UInt128 value, int scale, in FloatFormat format, int mode, ref uint flags)
    {
        var zeros = (int)UInt128.LeadingZeroCount(value);
        value <<= zeros;
        var significand = (ulong)(value >> 64);
        if ((ulong)value != 0)
            significand |= 1;
        return Round(negative, 127 - zeros + scale, significand, format, mode, ref flags);
    }

    /// <summary>Rounds <c>significand · 2^(exponent − 63)</c>, highest bit set and lowest bit sticky, into a format.</summary>
    private static ulong Round(bool negative, int exponent, ulong significand, in FloatFormat format, int mode, ref uint flags)
    {
        int dropped = 64 - format.Precision;
        bool tiny = false;
        int minimum = format.MinimumExponent;
        if (exponent < minimum)
        {
            // Tiny unless rounding with an unbounded exponent reaches the smallest normal number.
            tiny = exponent < minimum - 1 || !CarriesOut(significand, dropped, negative, mode);
            significand = ShiftRightSticky(significand, minimum - exponent);
            exponent = minimum;
        }

        ulong rest = significand & ((1UL << dropped) - 1);
        ulong kept = significand >> dropped;
        if (RoundsUp(mode, negative, (kept & 1) != 0, rest, 1UL << (dropped - 1)))
            kept++;
        if (rest != 0)
            flags |= tiny ? FloatFlags.Inexact | FloatFlags.Underflow : FloatFlags.Inexact;
        if (kept >> format.Precision != 0)
        {
            kept >>= 1;
            exponent++;
        }

        if (exponent > format.MaximumExponent)
            return OverflowResult(negative, format, mode, ref flags);
        bool normal = kept >> format.SignificandBits != 0;
        ulong biased = normal ? (ulong)(exponent + format.Bias) : 0;
        return Signed(biased << format.SignificandBits | kept & format.SignificandMask, negative, format);
    }

    private static ulong OverflowResult(bool negative, in FloatFormat format, int mode, ref uint flags)
    {
        flags |= FloatFlags.Overflow | FloatFlags.Inexact;
        bool toInfinity = mode switch
        {
            RoundingMode.TowardZero => false,
            RoundingMode.Down => negative,
            RoundingMode.Up => !negative,
            _ => true,
        };
        return Signed(toInfinity ? format.Infinity : format.Infinity - 1, negative, format);
    }

    private static bool CarriesOut(ulong significand, int dropped, bool negative, int mode)
    {
        ulong kept = significand >> dropped;
        return kept == ulong.MaxValue >> dropped
            && RoundsUp(mode, negative, (kept & 1) != 0, significand & ((1UL << dropped) - 1), 1UL << (dropped - 1));
    }

    private static bool RoundsUp(int mode, bool negative, bool isOdd, ulong rest, ulong half) => mode switch
    {
        RoundingMode.NearestEven => rest > half || (rest == half && isOdd),
        RoundingMode.Down => negative && rest != 0,
        RoundingMode.Up => !negative && rest != 0,
        RoundingMode.NearestAway => rest >= half,
        _ => false,
    };

    private static ulong ShiftRightSticky(ulong value, int count)
    {
        if (count >= 64)
            return value != 0 ? 1UL : 0UL;
        ulong shifted = value >> count;
        return shifted << count != value ? shifted | 1 : shifted;
    }

    private static UInt128 ShiftRightSticky(UInt128 value, int count)
    {
        if (count >= 128)
            return value != 0 ? UInt128.One : UInt128.Zero;
        UInt128 shifted = value >> count;
        return shifted << count != value ? shifted | 1 : shifted;
    }

    private static UInt128 IntegerSquareRoot(UInt128 n)
    {
        // n has 126 or 127 bits. The double is within 2^11 of the root; one Newton step brings it within one.
        UInt128 root = (ulong)Math.Min(Math.Sqrt((double)n), 18446744073709549568.0);
        root = (root + (n / root)) >> 1;
        while (root * root > n)
            root--;
        while ((root + 1) * (root + 1) <= n)
            root++;
        return root;
    }
}
