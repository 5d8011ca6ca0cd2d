using System.Runtime.InteropServices;

namespace Godwit.Accel.RiscV;

/// <summary>One entry of a data TLB: a page of guest-virtual addresses and the way to host memory.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct TlbEntry
{
    /// <summary>A tag that no access matches: bit 11 is never set in what the interpreter compares.</summary>
    internal const ulong Empty = 0x800;

    /// <summary>Virtual address of the page, or <see cref="Empty"/>.</summary>
    internal ulong Tag;

    /// <summary>Host address minus virtual address, modulo 2^64.</summary>
    internal ulong Addend;
}
