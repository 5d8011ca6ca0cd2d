using System.Numerics;

namespace Godwit.Accel.RiscV.Tests;

/// <summary>All five rounding modes against exact arithmetic on big integers, written without the code under test.</summary>
public sealed class SoftFloatRoundingTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void MultiplyAddAndAdd_RandomOperands_AreTheExactResultRoundedOnce(bool isDouble)
    {
        FloatFormat format = isDouble ? FloatFormat.Double : FloatFormat.Single;
        var random = new Random(20261120);
        for (int i = 0; i < 20000; i++)
        {
            ulong a = Finite(random, format);
            ulong b = Finite(random, format);
            ulong c = i % 3 == 0 ? Near(random, a, b, format) : Finite(random, format);
            int mode = i % 5;
            uint flags = 0;
            ulong sum = SoftFloat.Add(a, c, subtract: false, format, mode, ref flags);
            Check(Exact(a, format), Exact(c, format), format, mode, sum, flags, $"{a:x} + {c:x} mode {mode}");
            flags = 0;
            ulong fused = SoftFloat.MultiplyAdd(a, b, c, negateProduct: false, negateAddend: false, format, mode, ref flags);
            (BigInteger n, int e) = Exact(a, format);
            (BigInteger m, int f) = Exact(b, format);
            Check((n * m, e + f), Exact(c, format), format, mode, fused, flags, $"{a:x} * {b:x} + {c:x} mode {mode}");
        }
    }

    private static void Check(
        (BigInteger N, int E) x, (BigInteger N, int E) y, FloatFormat format, int mode, ulong actual, uint flags, string what)
    {
        int scale = Math.Min(x.E, y.E);
        BigInteger exact = (x.N << (x.E - scale)) + (y.N << (y.E - scale));
        if (exact.IsZero)
            return;
        (ulong expected, uint expectedFlags) = Round(exact, scale, format, mode);
        Assert.True(actual == expected && flags == expectedFlags, $"{what}: {actual:x}/{flags:x}, exact {expected:x}/{expectedFlags:x}");
    }

    private static (ulong Bits, uint Flags) Round(BigInteger exact, int scale, FloatFormat format, int mode)
    {
        bool negative = exact.Sign < 0;
        BigInteger magnitude = BigInteger.Abs(exact);
        int exponent = (int)magnitude.GetBitLength() - 1 + scale;
        int minimum = 2 - (1 << (format.ExponentBits - 1));
        int maximum = (1 << (format.ExponentBits - 1)) - 1;
        ulong sign = negative ? format.SignBit : 0;

        // Once with an unbounded exponent, for overflow and tininess; once at the spacing of the format.
        (BigInteger free, int freeUnit, _) = RoundAt(magnitude, scale, exponent - (format.Precision - 1), negative, mode);
        int freeExponent = (int)free.GetBitLength() - 1 + freeUnit;
        bool tiny = freeExponent < minimum;
        int unit = Math.Max(exponent, minimum) - (format.Precision - 1);
        (BigInteger kept, _, bool inexact) = RoundAt(magnitude, scale, unit, negative, mode);
        if (freeExponent > maximum)
        {
            bool infinite = mode is 0 or 4 || (mode == 2 && negative) || (mode == 3 && !negative);
            return (sign | (infinite ? format.Infinity : format.Infinity - 1), 5);
        }

        uint flags = inexact ? (tiny ? 3u : 1u) : 0;
        if (kept.GetBitLength() < format.Precision)
            return (sign | (ulong)kept, flags);
        int resultExponent = (int)kept.GetBitLength() - 1 + unit;
        ulong fraction = (ulong)(kept >> ((int)kept.GetBitLength() - format.Precision)) & format.SignificandMask;
        return (sign | (ulong)(resultExponent + maximum) << format.SignificandBits | fraction, flags);
    }

    private static (BigInteger Kept, int Unit, bool Inexact) RoundAt(BigInteger magnitude, int scale, int unit, bool negative, int mode)
    {
        if (unit <= scale)
            return (magnitude << (scale - unit), unit, false);
        int shift = unit - scale;
        BigInteger kept = magnitude >> shift;
        BigInteger rest = magnitude - (kept << shift);
        int half = (rest << 1).CompareTo(BigInteger.One << shift);
        bool up = mode switch
        {
            0 => half > 0 || (half == 0 && !kept.IsEven),
            1 => false,
            2 => negative && !rest.IsZero,
            3 => !negative && !rest.IsZero,
            _ => half >= 0,
        };
        return (up ? kept + 1 : kept, unit, !rest.IsZero);
    }

    private static (BigInteger N, int E) Exact(ulong bits, FloatFormat format)
    {
        int field = (int)(bits >> format.SignificandBits & format.ExponentMask);
        BigInteger n = bits & format.SignificandMask;
        if (field != 0)
            n += BigInteger.One << format.SignificandBits;
        int exponent = Math.Max(field, 1) - format.Bias - format.SignificandBits;
        return ((bits & format.SignBit) != 0 ? -n : n, exponent);
    }

    private static ulong Finite(Random random, FloatFormat format)
    {
        ulong all = format.SignBit | format.Infinity | format.SignificandMask;
        while (true)
        {
            ulong bits = (unchecked((ulong)random.NextInt64()) << 1 ^ unchecked((ulong)random.NextInt64())) & all;
            ulong field = random.Next(4) switch
            {
                0 => (ulong)random.Next(4),
                1 => format.ExponentMask - 1 - (ulong)random.Next(4),
                2 => (ulong)(format.Bias + random.Next(-30, 30)),
                _ => bits >> format.SignificandBits & format.ExponentMask,
            };
            bits = (bits & ~format.Infinity) | field << format.SignificandBits;
            if ((bits & format.Infinity) != format.Infinity)
                return bits;
        }
    }

    // An addend close to minus the product, so that most of it cancels.
    private static ulong Near(Random random, ulong a, ulong b, FloatFormat format)
    {
        uint flags = 0;
        ulong product = SoftFloat.Multiply(a, b, format, 0, ref flags);
        ulong near = (product ^ format.SignBit) + (ulong)random.Next(-2, 3);
        return (near & format.Infinity) == format.Infinity ? a : near;
    }
}
