using System.Globalization;

namespace Godwit.Accel.RiscV.Tests;

/// <summary>The vectors of tests/vectors/float: results and flags of the host's floating-point units.</summary>
public sealed class SoftFloatVectorTests
{
    [Theory]
    [InlineData("add.d", 3)]
    [InlineData("sub.d", 3)]
    [InlineData("mul.d", 3)]
    [InlineData("div.d", 3)]
    [InlineData("sqrt.d", 2)]
    [InlineData("fma.d", 4)]
    [InlineData("add.s", 3)]
    [InlineData("sub.s", 3)]
    [InlineData("mul.s", 3)]
    [InlineData("div.s", 3)]
    [InlineData("sqrt.s", 2)]
    [InlineData("fma.s", 4)]
    [InlineData("cvt.s.d", 2)]
    [InlineData("cvt.d.s", 2)]
    [InlineData("cvt.l.d", 2)]
    [InlineData("cvt.d.l", 2)]
    [InlineData("cvt.s.l", 2)]
    public void Operation_HostVectors_SameResultAndFlags(string operation, int values)
    {
        int checkedLines = 0;
        foreach (string line in File.ReadLines(Path.Combine(AppContext.BaseDirectory, "vectors", "float", "arithmetic.txt")))
        {
            string[] parts = line.Split(' ');
            if (!string.Equals(parts[0], operation, StringComparison.Ordinal))
                continue;
            int mode = int.Parse(parts[1], CultureInfo.InvariantCulture);
            ulong[] numbers = [.. parts[2..(2 + values)].Select(Hex)];
            uint flags = 0;
            ulong result = Compute(operation, mode, numbers, ref flags);
            Assert.True(
                result == numbers[^1] && flags == (uint)Hex(parts[^1]), $"{line}: got {result:x} flags {flags:x}");
            checkedLines++;
        }

        Assert.True(checkedLines > 200);
    }

    private static ulong Compute(string operation, int mode, ulong[] v, ref uint flags)
    {
        FloatFormat format = operation.EndsWith(".d", StringComparison.Ordinal) ? FloatFormat.Double : FloatFormat.Single;
        return operation[..operation.IndexOf('.', StringComparison.Ordinal)] switch
        {
            "add" => SoftFloat.Add(v[0], v[1], subtract: false, format, mode, ref flags),
            "sub" => SoftFloat.Add(v[0], v[1], subtract: true, format, mode, ref flags),
            "mul" => SoftFloat.Multiply(v[0], v[1], format, mode, ref flags),
            "div" => SoftFloat.Divide(v[0], v[1], format, mode, ref flags),
            "sqrt" => SoftFloat.SquareRoot(v[0], format, mode, ref flags),
            "fma" => SoftFloat.MultiplyAdd(v[0], v[1], v[2], negateProduct: false, negateAddend: false, format, mode, ref flags),
            _ => operation switch
            {
                "cvt.s.d" => SoftFloat.Convert(v[0], FloatFormat.Double, FloatFormat.Single, mode, ref flags),
                "cvt.d.s" => SoftFloat.Convert(v[0], FloatFormat.Single, FloatFormat.Double, mode, ref flags),
                "cvt.l.d" => SoftFloat.ToInteger(v[0], FloatFormat.Double, 64, signed: true, mode, ref flags),
                "cvt.d.l" => FromLong((long)v[0], FloatFormat.Double, mode, ref flags),
                _ => FromLong((long)v[0], FloatFormat.Single, mode, ref flags),
            },
        };
    }

    private static ulong FromLong(long value, FloatFormat format, int mode, ref uint flags) =>
        SoftFloat.FromInteger(value < 0, value < 0 ? 0 - (ulong)value : (ulong)value, format, mode, ref flags);

    private static ulong Hex(string text) => ulong.Parse(text, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}
