namespace Godwit.Accel.RiscV;

/// <summary>What a <see cref="RiscVAccelerator"/> is made of.</summary>
public sealed record RiscVCpuOptions
{
    /// <summary>Gets the number of harts, 1 to 64. Default 1.</summary>
    public int HartCount { get; init; } = 1;

    /// <summary>Gets the address of the first instruction after reset. Default 0x1000, the boot ROM of <c>virt</c>.</summary>
    public ulong ResetVector { get; init; } = 0x1000;

    /// <summary>Gets the CPU facts of the peer version that the guest sees. Default: QEMU 10.0.</summary>
    public RiscVCpuModel Model { get; init; } = RiscVCpuModel.Qemu10_0;

    /// <summary>Gets the largest accepted <c>satp</c> mode: 8 (Sv39, default), 9 (Sv48) or 10 (Sv57).</summary>
    public int MaximumTranslationMode { get; init; } = 8;

    /// <summary>Gets the source of the <c>time</c> CSR: the CLINT's <c>mtime</c>. Called on hart threads without a lock.</summary>
    public Func<ulong> ReadTime { get; init; } = static () => 0;
}
