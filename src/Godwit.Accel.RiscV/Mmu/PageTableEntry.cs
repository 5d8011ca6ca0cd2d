namespace Godwit.Accel.RiscV;

/// <summary>Bits of a page-table entry of Sv39, Sv48 and Sv57.</summary>
internal static class PageTableEntry
{
    internal const ulong Valid = 1;
    internal const ulong Read = 2;
    internal const ulong Write = 4;
    internal const ulong Execute = 8;
    internal const ulong User = 16;
    internal const ulong Accessed = 64;
    internal const ulong Dirty = 128;

    /// <summary>Bits 63:54: N, PBMT and reserved; must be 0 in the contract.</summary>
    internal const ulong Reserved = 0xffc0_0000_0000_0000;

    internal const int PpnShift = 10;
    internal const ulong PpnMask = (1UL << 44) - 1;
}
