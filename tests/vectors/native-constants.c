/* Prints the Linux constants and structure layouts that Godwit.Native declares, one "name value" per line.
   Build: gcc -o native-constants native-constants.c ; the output of x86-64 Linux with glibc is native-constants.txt. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <semaphore.h>
#include <signal.h>
#include <spawn.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

#define P(header, name) printf(#header "." #name " %lld\n", (long long)name)
#define S(header, c, cs) printf(#header "." #cs ".size %zu\n", sizeof(struct c))
#define O(header, c, cs, m) printf(#header "." #cs "." #m " %zu\n", offsetof(struct c, m))

int main(void)
{
    P(LinuxIfTun, TUNSETIFF); P(LinuxIfTun, TUNGETIFF); P(LinuxIfTun, IFF_TUN); P(LinuxIfTun, IFF_TAP); P(LinuxIfTun, IFF_NO_PI); P(LinuxIfTun, IFF_VNET_HDR);
    P(LinuxIfTun, IFNAMSIZ); S(LinuxIfTun, ifreq, ifreq); O(LinuxIfTun, ifreq, ifreq, ifr_name); O(LinuxIfTun, ifreq, ifreq, ifr_flags);
    P(SysMman, PROT_NONE); P(SysMman, PROT_READ); P(SysMman, PROT_WRITE);
    P(SysMman, MAP_SHARED); P(SysMman, MAP_PRIVATE); P(SysMman, MAP_ANONYMOUS); P(SysMman, MAP_NORESERVE); P(SysMman, MAP_POPULATE);
    P(SysMman, MADV_NORMAL); P(SysMman, MADV_RANDOM); P(SysMman, MADV_SEQUENTIAL); P(SysMman, MADV_WILLNEED); P(SysMman, MADV_DONTNEED);
    P(SysMman, MADV_REMOVE); P(SysMman, MADV_DONTFORK); P(SysMman, MADV_MERGEABLE); P(SysMman, MADV_HUGEPAGE); P(SysMman, MADV_NOHUGEPAGE);
    P(SysMman, MADV_DONTDUMP); P(SysMman, MADV_POPULATE_WRITE); P(SysMman, MFD_CLOEXEC);

    P(Fcntl, O_RDONLY); P(Fcntl, O_WRONLY); P(Fcntl, O_RDWR); P(Fcntl, O_ACCMODE); P(Fcntl, O_CREAT); P(Fcntl, O_EXCL); P(Fcntl, O_TRUNC);
    P(Fcntl, O_APPEND); P(Fcntl, O_NONBLOCK); P(Fcntl, O_CLOEXEC); P(Fcntl, AT_FDCWD);
    P(Fcntl, F_GETFD); P(Fcntl, F_SETFD); P(Fcntl, F_GETFL); P(Fcntl, F_SETFL); P(Fcntl, F_DUPFD_CLOEXEC); P(Fcntl, F_SETPIPE_SZ);
    P(Fcntl, FD_CLOEXEC); P(Fcntl, FALLOC_FL_KEEP_SIZE); P(Fcntl, FALLOC_FL_PUNCH_HOLE);

    P(Unistd, SEEK_SET); P(Unistd, SEEK_CUR); P(Unistd, SEEK_END); P(Unistd, SEEK_DATA);
    P(SysUio, IOV_MAX);
    S(SysUio, iovec, iovec); O(SysUio, iovec, iovec, iov_base); O(SysUio, iovec, iovec, iov_len);

    P(SysSocket, AF_UNIX); P(SysSocket, AF_INET); P(SysSocket, AF_INET6);
    P(SysSocket, SOCK_STREAM); P(SysSocket, SOCK_NONBLOCK); P(SysSocket, SOCK_CLOEXEC);
    P(SysSocket, SOL_SOCKET); P(SysSocket, SO_REUSEADDR); P(SysSocket, SO_TYPE); P(SysSocket, SO_ERROR); P(SysSocket, SO_KEEPALIVE);
    P(SysSocket, SO_RCVTIMEO); P(SysSocket, SO_SNDTIMEO);
    P(SysSocket, SO_ACCEPTCONN); P(SysSocket, SCM_RIGHTS);
    P(SysSocket, MSG_PEEK); P(SysSocket, MSG_CTRUNC); P(SysSocket, MSG_WAITALL); P(SysSocket, MSG_NOSIGNAL); P(SysSocket, MSG_CMSG_CLOEXEC);
    P(SysSocket, SHUT_RD); P(SysSocket, SHUT_WR); P(SysSocket, SHUT_RDWR);
    S(SysSocket, msghdr, msghdr); O(SysSocket, msghdr, msghdr, msg_name); O(SysSocket, msghdr, msghdr, msg_namelen);
    O(SysSocket, msghdr, msghdr, msg_iov); O(SysSocket, msghdr, msghdr, msg_iovlen); O(SysSocket, msghdr, msghdr, msg_control);
    O(SysSocket, msghdr, msghdr, msg_controllen); O(SysSocket, msghdr, msghdr, msg_flags);
    S(SysSocket, cmsghdr, cmsghdr); O(SysSocket, cmsghdr, cmsghdr, cmsg_len); O(SysSocket, cmsghdr, cmsghdr, cmsg_level);
    O(SysSocket, cmsghdr, cmsghdr, cmsg_type);
    printf("SocketEndpoint.MaxUnixPathBytes %zu\n", sizeof(((struct sockaddr_un *)0)->sun_path) - 1);

    P(Netinet, IPPROTO_TCP); P(Netinet, IPPROTO_IPV6); P(Netinet, IPPROTO_MPTCP); P(Netinet, IPV6_V6ONLY); P(Netinet, TCP_NODELAY); P(Netinet, TCP_NOTSENT_LOWAT);
    P(Netinet, TCP_KEEPIDLE); P(Netinet, TCP_KEEPINTVL); P(Netinet, TCP_KEEPCNT);
    P(Netdb, AI_PASSIVE); P(Netdb, AI_NUMERICHOST); P(Netdb, AI_ADDRCONFIG);
    S(Netdb, addrinfo, addrinfo); O(Netdb, addrinfo, addrinfo, ai_flags); O(Netdb, addrinfo, addrinfo, ai_family);
    O(Netdb, addrinfo, addrinfo, ai_socktype); O(Netdb, addrinfo, addrinfo, ai_protocol); O(Netdb, addrinfo, addrinfo, ai_addrlen);
    O(Netdb, addrinfo, addrinfo, ai_addr); O(Netdb, addrinfo, addrinfo, ai_canonname); O(Netdb, addrinfo, addrinfo, ai_next);
    S(SemaphoreHeader, timespec, timespec); O(SemaphoreHeader, timespec, timespec, tv_sec); O(SemaphoreHeader, timespec, timespec, tv_nsec);

    P(PollHeader, POLLIN); P(PollHeader, POLLOUT); P(PollHeader, POLLERR); P(PollHeader, POLLHUP); P(PollHeader, POLLRDHUP);
    S(PollHeader, pollfd, pollfd); O(PollHeader, pollfd, pollfd, fd); O(PollHeader, pollfd, pollfd, events); O(PollHeader, pollfd, pollfd, revents);
    P(SysEventfd, EFD_NONBLOCK); P(SysEventfd, EFD_CLOEXEC);
    P(Spawn, POSIX_SPAWN_SETPGROUP); P(Spawn, POSIX_SPAWN_SETSIGDEF); P(Spawn, POSIX_SPAWN_SETSIGMASK);
    P(SignalHeader, SIGKILL); P(SignalHeader, SIGPIPE); P(SignalHeader, SIGTERM);
    P(SysWait, WNOHANG);
    P(SysSyscall, SYS_pidfd_open);
    P(SysStat, AT_SYMLINK_NOFOLLOW); P(SysStat, STATX_TYPE); P(SysStat, S_IFMT); P(SysStat, S_IFSOCK);
    S(SysStat, statx, statx_t); O(SysStat, statx, statx_t, stx_mode);

    P(Errno, ENOENT); P(Errno, EINTR); P(Errno, EIO); P(Errno, ENXIO); P(Errno, EBADF); P(Errno, EAGAIN); P(Errno, EACCES); P(Errno, EFAULT); P(Errno, EISDIR); P(Errno, EINVAL); P(Errno, EFBIG);
    P(Errno, ENOSPC); P(Errno, EPIPE); P(Errno, ERANGE); P(Errno, ENAMETOOLONG); P(Errno, EOPNOTSUPP); P(Errno, EADDRINUSE); P(Errno, ECONNABORTED);
    P(Errno, ECONNRESET); P(Errno, ENOTCONN); P(Errno, ESHUTDOWN); P(Errno, ETIMEDOUT); P(Errno, ECONNREFUSED); P(Errno, EINPROGRESS);
    P(Errno, ECANCELED);

    /* Sizes that must not exceed the room we give (see NativeConstantsTests). */
    printf("room.Spawn.OpaqueBytes %zu\n", sizeof(posix_spawn_file_actions_t) > sizeof(posix_spawnattr_t)
           ? sizeof(posix_spawn_file_actions_t) : sizeof(posix_spawnattr_t));
    printf("room.SignalHeader.SigsetBytes %zu\n", sizeof(sigset_t));
    printf("room.SemaphoreHeader.RoomBytes %zu\n", sizeof(sem_t));
    return 0;
}
