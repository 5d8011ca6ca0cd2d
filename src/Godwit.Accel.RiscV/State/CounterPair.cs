namespace Godwit.Accel.RiscV;

/// <summary>One hardware counter as the <c>cpu</c> section carries it.</summary>
internal sealed class CounterPair
{
    internal ulong Value;
    internal ulong ValueHigh;
    internal ulong Previous;
    internal ulong PreviousHigh;
}
