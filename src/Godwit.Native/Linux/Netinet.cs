namespace Godwit.Native.Linux;

/// <summary><c>netinet/in.h</c> and <c>netinet/tcp.h</c></summary>
internal static class Netinet
{
    internal const int IPPROTO_TCP = 6;
    internal const int IPPROTO_IPV6 = 41;
    internal const int IPPROTO_MPTCP = 262;
    internal const int IPV6_V6ONLY = 26;
    internal const int TCP_NODELAY = 1;
    internal const int TCP_NOTSENT_LOWAT = 25;
    internal const int TCP_KEEPIDLE = 4;
    internal const int TCP_KEEPINTVL = 5;
    internal const int TCP_KEEPCNT = 6;
}
