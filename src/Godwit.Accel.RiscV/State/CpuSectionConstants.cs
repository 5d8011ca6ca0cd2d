namespace Godwit.Accel.RiscV;

/// <summary>Constant values of the <c>cpu</c> section for the contract CPU (docs/formats/cpu-section.md).</summary>
internal static class CpuSectionConstants
{
    internal const uint Version10_0 = 10;
    internal const uint Version11_1 = 12;

    /// <summary>Privileged specification 1.12.</summary>
    internal const ulong PrivilegedVersion = 3;

    /// <summary>64-bit registers.</summary>
    internal const uint MisaXlen = 2;

    /// <summary>Extensions A C D F I M S U, one bit per letter from A = bit 0.</summary>
    internal const uint MisaExtensions = 0x0014_112d;

    /// <summary>Interrupt priorities of the advanced interrupt architecture after reset; carried, never used.</summary>
    internal const string MachinePriorities =
        "ff141811ff151912ff13170016ffffff24211e1b0e0b0805ffffffffffffffff252322201f1d1c1a0f0d0c0a09070604ffffffffffffffffffffffffffffffff";

    /// <summary>The same for supervisor level.</summary>
    internal const string SupervisorPriorities =
        "ff141811ff151912ff00171016ffffff24211e1b0e0b0805ffffffffffffffff252322201f1d1c1a0f0d0c0a09070604ffffffffffffffffffffffffffffffff";
}
