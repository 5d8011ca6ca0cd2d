namespace Godwit.Accel.RiscV;

/// <summary>Bits of <c>mip</c> and <c>mie</c> that have a source in the contract.</summary>
internal static class InterruptBits
{
    internal const ulong SupervisorSoftware = 1UL << 1;
    internal const ulong MachineSoftware = 1UL << 3;
    internal const ulong SupervisorTimer = 1UL << 5;
    internal const ulong MachineTimer = 1UL << 7;
    internal const ulong SupervisorExternal = 1UL << 9;
    internal const ulong MachineExternal = 1UL << 11;

    /// <summary>Bits that only hardware changes.</summary>
    internal const ulong HardwareOnly = MachineSoftware | MachineTimer | MachineExternal;
}
