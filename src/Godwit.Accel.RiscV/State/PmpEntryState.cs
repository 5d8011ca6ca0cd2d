namespace Godwit.Accel.RiscV;

/// <summary>One PMP entry as the <c>cpu/pmp</c> subsection carries it.</summary>
internal sealed class PmpEntryState
{
    internal ulong Address;
    internal byte Configuration;
}
