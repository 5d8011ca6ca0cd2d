namespace Godwit.Accel;

/// <summary>
/// The interrupt inputs of a RISC-V hart. Each value is the bit number of the line in <c>mip</c>
/// (RISC-V privileged architecture, <c>mip</c> register).
/// </summary>
public enum InterruptLine
{
    /// <summary>No line.</summary>
    None = 0,

    /// <summary>SSIP, supervisor software interrupt.</summary>
    SupervisorSoftware = 1,

    /// <summary>MSIP, machine software interrupt: the CLINT's <c>msip</c> register.</summary>
    MachineSoftware = 3,

    /// <summary>STIP, supervisor timer interrupt.</summary>
    SupervisorTimer = 5,

    /// <summary>MTIP, machine timer interrupt: <c>mtimecmp</c> has passed.</summary>
    MachineTimer = 7,

    /// <summary>SEIP, supervisor external interrupt: the PLIC's S context.</summary>
    SupervisorExternal = 9,

    /// <summary>MEIP, machine external interrupt: the PLIC's M context.</summary>
    MachineExternal = 11,
}
