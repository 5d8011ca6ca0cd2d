using System.Runtime.InteropServices;

namespace Godwit.Accel.RiscV;

/// <summary>One entry of a fetch TLB: a page of guest-virtual addresses and its decoded records.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct FetchEntry
{
    /// <summary>Virtual address of the page, or <see cref="TlbEntry.Empty"/>.</summary>
    internal ulong Tag;

    /// <summary>The decoded page.</summary>
    internal ulong* Records;
}
