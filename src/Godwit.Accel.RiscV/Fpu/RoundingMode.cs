namespace Godwit.Accel.RiscV;

/// <summary>Rounding modes, with the values of <c>frm</c>.</summary>
internal static class RoundingMode
{
    internal const int NearestEven = 0;
    internal const int TowardZero = 1;
    internal const int Down = 2;
    internal const int Up = 3;
    internal const int NearestAway = 4;
    internal const int Dynamic = 7;
}
