using System.Diagnostics.CodeAnalysis;

namespace Godwit.Accel.RiscV;

/// <summary>
/// The facts in which the contract CPU of one QEMU version differs from another's: register masks and the number of PMP entries.
/// </summary>
/// <param name="Name">The peer whose CPU this is.</param>
/// <param name="PmpEntryCount">PMP entries in the <c>cpu/pmp</c> subsection.</param>
/// <param name="PmpReadableCount">PMP address registers that exist; those past <see cref="ImplementedPmpEntryCount"/> read 0.</param>
/// <param name="PmpConfigMask">Bits of a PMP configuration byte that stick.</param>
/// <param name="PmpAddressMask">Bits of a PMP address register that can be read; all that are written are kept and compared.</param>
/// <param name="MachineExceptionDelegationMask">Bits of <c>medeleg</c> that stick.</param>
/// <param name="InterruptDelegationMask">Bits of <c>mideleg</c> that stick; also the software-writable bits of <c>mip</c>.</param>
/// <param name="InterruptEnableMask">Bits of <c>mie</c> that stick.</param>
/// <param name="MachineEnvironmentMask">Bits of <c>menvcfg</c> that stick.</param>
/// <param name="ExceptionPcMask">Bits of <c>mepc</c> and <c>sepc</c> that stick.</param>
/// <param name="IsUserXlenWritable">Whether <c>sstatus.UXL</c> changes by a write.</param>
/// <param name="ChecksFailingStoreConditional">Whether an SC that has no reservation still faults where a store would.</param>
/// <param name="DirtiesFloatByFlags">Whether comparisons and conversions to integers, which write no float register, make <c>mstatus.FS</c> dirty when they raise a flag that was not raised.</param>
/// <param name="ArchitectureId">Value of <c>marchid</c>.</param>
/// <param name="VectorVersion">Value of <c>vext_ver</c> in the <c>cpu</c> section.</param>
[SuppressMessage("Naming", "CA1707:Remove the underscores", Justification = "The underscore stands for the point in a release number.")]
public sealed record RiscVCpuModel(
    string Name,
    int PmpEntryCount,
    int PmpReadableCount,
    byte PmpConfigMask,
    ulong PmpAddressMask,
    ulong MachineExceptionDelegationMask,
    ulong InterruptDelegationMask,
    ulong InterruptEnableMask,
    ulong MachineEnvironmentMask,
    ulong ExceptionPcMask,
    bool IsUserXlenWritable,
    bool ChecksFailingStoreConditional,
    bool DirtiesFloatByFlags,
    ulong ArchitectureId,
    uint VectorVersion)
{
    /// <summary>PMP entries that can be set in every model.</summary>
    public const int ImplementedPmpEntryCount = 16;

    /// <summary>Gets the contract CPU of QEMU 10.0 (docs/formats/cpu-section.md, "CSRs").</summary>
    public static RiscVCpuModel Qemu10_0 { get; } = new(
        "QEMU 10.0",
        PmpEntryCount: 16,
        PmpReadableCount: 16,
        PmpConfigMask: 0xff,
        PmpAddressMask: ulong.MaxValue,
        MachineExceptionDelegationMask: 0x00f4_bfff,
        InterruptDelegationMask: 0x2666,
        InterruptEnableMask: 0xffff_ffff_ffff_eaaa,
        MachineEnvironmentMask: 0x1000_0000_0000_00f1,
        ExceptionPcMask: ulong.MaxValue,
        IsUserXlenWritable: true,
        ChecksFailingStoreConditional: false,
        DirtiesFloatByFlags: false,
        ArchitectureId: 0,
        VectorVersion: 0x10000);

    /// <summary>Gets the contract CPU of QEMU 11.1 (docs/formats/cpu-section.md, "CSRs").</summary>
    public static RiscVCpuModel Qemu11_1 { get; } = new(
        "QEMU 11.1",
        PmpEntryCount: 64,
        PmpReadableCount: 64,
        PmpConfigMask: 0x9f,
        PmpAddressMask: (1UL << 54) - 1,
        MachineExceptionDelegationMask: 0x00f4_b7ff,
        InterruptDelegationMask: 0x0666,
        InterruptEnableMask: 0xffff_ffff_ffff_0aaa,
        MachineEnvironmentMask: 0xf1,
        ExceptionPcMask: ~1UL,
        IsUserXlenWritable: false,
        ChecksFailingStoreConditional: true,
        DirtiesFloatByFlags: true,
        ArchitectureId: 0x2a,
        VectorVersion: 0);
}
