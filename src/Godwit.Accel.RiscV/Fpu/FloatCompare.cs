namespace Godwit.Accel.RiscV;

/// <summary>Comparisons, minimum and maximum, and classification.</summary>
internal static class FloatCompare
{
    /// <summary>Quiet: only a signalling NaN is invalid.</summary>
    internal static bool IsEqual(ulong a, ulong b, in FloatFormat format, ref uint flags) =>
        !IsUnordered(a, b, format, quiet: true, ref flags) && Key(a, format) == Key(b, format);

    /// <summary>Signalling: any NaN is invalid.</summary>
    internal static bool IsLess(ulong a, ulong b, in FloatFormat format, ref uint flags) =>
        !IsUnordered(a, b, format, quiet: false, ref flags) && Key(a, format) < Key(b, format);

    /// <summary>Signalling: any NaN is invalid.</summary>
    internal static bool IsLessOrEqual(ulong a, ulong b, in FloatFormat format, ref uint flags) =>
        !IsUnordered(a, b, format, quiet: false, ref flags) && Key(a, format) <= Key(b, format);

    /// <summary>A number beats a NaN; two NaNs give the canonical one; −0 is less than +0.</summary>
    internal static ulong MinimumMaximum(ulong a, ulong b, bool maximum, in FloatFormat format, ref uint flags)
    {
        Unpacked x = Unpacked.From(a, format);
        Unpacked y = Unpacked.From(b, format);
        if (x.IsNaN || y.IsNaN)
        {
            ulong nan = SoftFloat.NaNResult(x, y, format, ref flags);
            return !x.IsNaN ? a : !y.IsNaN ? b : nan;
        }

        long left = Key(a, format);
        long right = Key(b, format);
        if (left == right)
        {
            // Equal, or zeros of either sign: the sign bit makes a zero the smaller one.
            return maximum ? a & b : a | b;
        }

        return left < right != maximum ? a : b;
    }

    /// <summary>One bit of ten, from −∞ (bit 0) to quiet NaN (bit 9).</summary>
    internal static ulong Classify(ulong a, in FloatFormat format)
    {
        Unpacked x = Unpacked.From(a, format);
        bool subnormal = (a >> format.SignificandBits & format.ExponentMask) == 0;
        return x.Kind switch
        {
            FloatKind.Infinity => x.IsNegative ? 1u << 0 : 1u << 7,
            FloatKind.Zero => x.IsNegative ? 1u << 3 : 1u << 4,
            FloatKind.Finite when subnormal => x.IsNegative ? 1u << 2 : 1u << 5,
            FloatKind.Finite => x.IsNegative ? 1u << 1 : 1u << 6,
            FloatKind.SignallingNaN => 1u << 8,
            _ => 1u << 9,
        };
    }

    private static bool IsUnordered(ulong a, ulong b, in FloatFormat format, bool quiet, ref uint flags)
    {
        Unpacked x = Unpacked.From(a, format);
        Unpacked y = Unpacked.From(b, format);
        if (!x.IsNaN && !y.IsNaN)
            return false;
        if (!quiet || x.Kind == FloatKind.SignallingNaN || y.Kind == FloatKind.SignallingNaN)
            flags |= FloatFlags.Invalid;
        return true;
    }

    // Orders all values that are no NaN; both zeros have the same key.
    private static long Key(ulong bits, in FloatFormat format)
    {
        var magnitude = (long)(bits & (format.SignBit - 1));
        return (bits & format.SignBit) != 0 ? -magnitude : magnitude;
    }
}
