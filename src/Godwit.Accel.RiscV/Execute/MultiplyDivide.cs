namespace Godwit.Accel.RiscV;

/// <summary>The M extension's less frequent operations: high products, quotients, remainders.</summary>
internal static unsafe class MultiplyDivide
{
    /// <summary>Executes the record of one of the M ops of <see cref="Op"/> except <see cref="Op.Mul"/> and <see cref="Op.Mulw"/>.</summary>
    /// <param name="record">The record.</param>
    /// <param name="x">The registers. SAFETY: a record's indices are inside the register file.</param>
    internal static void Execute(ulong record, ulong* x)
        => x[(byte)(record >> 8)] = Compute((byte)record, x[(byte)(record >> 16)], x[record >> 24 & 31]);

    /// <summary>Computes one operation.</summary>
    /// <param name="op">One of the M ops of <see cref="Op"/> except <see cref="Op.Mul"/> and <see cref="Op.Mulw"/>.</param>
    /// <param name="a">First operand.</param>
    /// <param name="b">Second operand.</param>
    /// <returns>The result; division by zero gives all ones and the dividend, overflow gives the minimum and 0.</returns>
    private static ulong Compute(byte op, ulong a, ulong b)
    {
        switch (op)
        {
            case Op.Mulh:
                return (ulong)Math.BigMul((long)a, (long)b, out _);
            case Op.Mulhsu:
                // a·b with a signed: the unsigned product counts a negative a as a + 2^64.
                return Math.BigMul(a, b, out _) - ((long)a < 0 ? b : 0);
            case Op.Mulhu:
                return Math.BigMul(a, b, out _);
            case Op.Div:
                return b == 0 ? ulong.MaxValue : b == ulong.MaxValue ? 0 - a : (ulong)((long)a / (long)b);
            case Op.Divu:
                return b == 0 ? ulong.MaxValue : a / b;
            case Op.Rem:
                return b == 0 ? a : b == ulong.MaxValue ? 0 : (ulong)((long)a % (long)b);
            case Op.Remu:
                return b == 0 ? a : a % b;
            case Op.Divw:
                return (int)b == 0 ? ulong.MaxValue : (int)b == -1 ? (ulong)(int)(0 - (uint)a) : (ulong)((int)a / (int)b);
            case Op.Divuw:
                return (uint)b == 0 ? ulong.MaxValue : (ulong)(int)((uint)a / (uint)b);
            case Op.Remw:
                return (int)b == 0 ? (ulong)(int)a : (int)b == -1 ? 0 : (ulong)((int)a % (int)b);
            default:
                return (uint)b == 0 ? (ulong)(int)a : (ulong)(int)((uint)a % (uint)b);
        }
    }
}
