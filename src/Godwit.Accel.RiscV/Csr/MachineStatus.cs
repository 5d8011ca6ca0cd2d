namespace Godwit.Accel.RiscV;

/// <summary>Bits of <c>mstatus</c>, and which of them <c>sstatus</c> shows.</summary>
internal static class MachineStatus
{
    internal const ulong Sie = 1UL << 1;
    internal const ulong Mie = 1UL << 3;
    internal const ulong Spie = 1UL << 5;
    internal const ulong Mpie = 1UL << 7;
    internal const ulong Spp = 1UL << 8;
    internal const ulong Mpp = 3UL << 11;
    internal const ulong Fs = 3UL << 13;
    internal const ulong Mprv = 1UL << 17;
    internal const ulong Sum = 1UL << 18;
    internal const ulong Mxr = 1UL << 19;
    internal const ulong Tvm = 1UL << 20;
    internal const ulong Tw = 1UL << 21;
    internal const ulong Tsr = 1UL << 22;
    internal const ulong Uxl = 3UL << 32;
    internal const ulong Sxl = 3UL << 34;

    /// <summary>Computed on reads, never stored.</summary>
    internal const ulong Sd = 1UL << 63;

    /// <summary>SXL = UXL = 2 (64 bits).</summary>
    internal const ulong Reset = 0xa_0000_0000;

    internal const ulong WritableMask = Sie | Mie | Spie | Mpie | Spp | Mpp | Fs | Mprv | Sum | Mxr | Tvm | Tw | Tsr;
    internal const ulong SupervisorWritableMask = Sie | Spie | Spp | Fs | Sum | Mxr;
    internal const ulong SupervisorReadableMask = SupervisorWritableMask | Uxl;

    internal const int MppShift = 11;
    internal const int SppShift = 8;
}
