using System.Runtime.InteropServices;

namespace Godwit.Native.Linux;

/// <summary><c>linux/if_tun.h</c>, with the part of <c>net/if.h</c> that it needs.</summary>
internal static class LinuxIfTun
{
    internal const uint TUNSETIFF = 0x400454ca;
    internal const uint TUNGETIFF = 0x800454d2;
    internal const int IFF_TUN = 0x1;
    internal const int IFF_TAP = 0x2;
    internal const int IFF_NO_PI = 0x1000;
    internal const int IFF_VNET_HDR = 0x4000;
    internal const int IFNAMSIZ = 16;

    /// <summary><c>struct ifreq</c> as these calls use it.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal unsafe struct ifreq
    {
        internal fixed byte ifr_name[IFNAMSIZ];
        internal short ifr_flags;
        internal fixed byte rest[22];
    }
}
