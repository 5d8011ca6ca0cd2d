namespace Godwit.Accel.RiscV;

/// <summary>Accrued exceptions, with the bit values of <c>fflags</c>.</summary>
internal static class FloatFlags
{
    internal const uint Inexact = 1;
    internal const uint Underflow = 2;
    internal const uint Overflow = 4;
    internal const uint DivideByZero = 8;
    internal const uint Invalid = 16;
}
