using System.Runtime.InteropServices;
using Godwit.Native.Linux;

namespace Godwit.Native;

/// <summary>Stream sockets: opening, connecting, accepting, transfer that never raises a signal, and the passing of descriptors.</summary>
/// <remarks>Transfer calls return the number of bytes, or the negated error number.</remarks>
public static unsafe class Sockets
{
    private const int MaxPassedDescriptors = 16;
    private const int EndpointBytes = 128;
    private const int PeekAgainMilliseconds = 1;

    /// <summary>Connects to an address; waits until it succeeds, fails, or <paramref name="wake"/> is set.</summary>
    /// <param name="endpoint">Where to.</param>
    /// <param name="wake">Ends the wait.</param>
    /// <param name="useMultipath">Whether to ask for Multipath TCP; a kernel without it gives a plain connection.</param>
    /// <param name="socket">The connected, blocking socket, or <see langword="null"/> on failure.</param>
    /// <returns>0, or the negated error number; <see cref="Errno.ECANCELED"/> when woken.</returns>
    public static long Connect(SocketEndpoint endpoint, WakeEvent wake, bool useMultipath, out FileDescriptor? socket)
    {
        ArgumentNullException.ThrowIfNull(endpoint);
        socket = null;
        var opened = Open(endpoint, useMultipath);
        try
        {
            var error = ConnectNonBlocking(opened, endpoint, wake);
            if (error != 0)
                return error;
            opened.SetNonBlocking(false);
            socket = opened;
            return 0;
        }
        finally
        {
            if (socket is null)
                opened.Dispose();
        }
    }

    /// <summary>Binds an address and listens; the listening socket is non-blocking.</summary>
    /// <param name="endpoint">The address; port 0 lets the kernel choose.</param>
    /// <param name="backlog">Connections that may wait to be accepted.</param>
    /// <param name="acceptIPv4">Whether a socket on the IPv6 wildcard address takes IPv4 connections as well.</param>
    /// <param name="useMultipath">Whether to ask for Multipath TCP.</param>
    /// <param name="failedCall"><c>bind</c> or <c>listen</c> when one of them failed.</param>
    /// <param name="socket">The listening socket, or <see langword="null"/> on failure.</param>
    /// <returns>0, or the negated error number.</returns>
    public static long Listen(
        SocketEndpoint endpoint, int backlog, bool acceptIPv4, bool useMultipath, out string failedCall, out FileDescriptor? socket)
    {
        ArgumentNullException.ThrowIfNull(endpoint);
        socket = null;
        failedCall = "bind";
        var opened = Open(endpoint, useMultipath);
        if (endpoint.IsIPv4 || endpoint.IsIPv6)
            SetOption(opened, SysSocket.SOL_SOCKET, SysSocket.SO_REUSEADDR, 1);
        if (endpoint.IsIPv6)
            SetOption(opened, Netinet.IPPROTO_IPV6, Netinet.IPV6_V6ONLY, acceptIPv4 ? 0 : 1);
        int failed;
        // SAFETY: the address bytes are pinned for the call and as long as said.
        fixed (byte* address = endpoint.Bytes)
            failed = SysSocket.bind(opened, address, (uint)endpoint.Bytes.Length);
        if (failed == 0)
        {
            failedCall = "listen";
            failed = SysSocket.listen(opened, Math.Max(1, backlog));
        }

        if (failed != 0)
        {
            var error = FileDescriptor.Result(-1);
            opened.Dispose();
            return error;
        }

        socket = opened;
        return 0;
    }

    /// <summary>Takes a waiting connection of a listening socket; the new socket is blocking.</summary>
    /// <returns>0, or the negated error number; <see cref="Errno.EAGAIN"/> when none is waiting.</returns>
    public static long Accept(FileDescriptor listener, out FileDescriptor? socket)
    {
        int number;
        while ((number = SysSocket.accept4(listener, null, null, SysSocket.SOCK_CLOEXEC)) < 0 && FileDescriptor.IsInterrupted())
        {
        }

        socket = number < 0 ? null : new FileDescriptor(number);
        return number < 0 ? FileDescriptor.Result(-1) : 0;
    }

    /// <summary>The address that a socket is bound to.</summary>
    /// <exception cref="ErrnoException">The descriptor is not a socket.</exception>
    public static SocketEndpoint GetLocalEndpoint(FileDescriptor socket)
    {
        var bytes = stackalloc byte[EndpointBytes];
        uint length = EndpointBytes;
        // SAFETY: the kernel writes at most the given length and returns the real one.
        if (SysSocket.getsockname(socket, bytes, &length) != 0)
            throw ErrnoException.ForLast("getsockname");
        return SocketEndpoint.FromBytes(new ReadOnlySpan<byte>(bytes, (int)Math.Min(length, EndpointBytes)));
    }

    /// <summary>Two connected UNIX sockets.</summary>
    /// <exception cref="ErrnoException">The kernel refused.</exception>
    public static (FileDescriptor First, FileDescriptor Second) CreatePair()
    {
        var ends = stackalloc int[2];
        // SAFETY: socketpair fills exactly the two numbers.
        if (SysSocket.socketpair(SysSocket.AF_UNIX, SysSocket.SOCK_STREAM | SysSocket.SOCK_CLOEXEC, 0, ends) != 0)
            throw ErrnoException.ForLast("socketpair");
        return (new FileDescriptor(ends[0]), new FileDescriptor(ends[1]));
    }

    /// <summary>Sends small segments at once; errors (not a TCP socket) are ignored.</summary>
    public static void SetNoDelay(FileDescriptor socket) => SetOption(socket, Netinet.IPPROTO_TCP, Netinet.TCP_NODELAY, 1);

    /// <summary>
    /// Has a writer wait while so many bytes have not been handed to the network; what is on its way does not count. Errors (not a TCP socket)
    /// are ignored. tcp(7)
    /// </summary>
    /// <param name="socket">The socket.</param>
    /// <param name="bytes">At least 1.</param>
    public static void LimitUnsent(FileDescriptor socket, int bytes) =>
        SetOption(socket, Netinet.IPPROTO_TCP, Netinet.TCP_NOTSENT_LOWAT, bytes);

    /// <summary>Lets the kernel probe an idle connection; errors are ignored.</summary>
    /// <param name="socket">The socket.</param>
    /// <param name="idleSeconds">Idle time before the first probe; 0 for the system's value.</param>
    /// <param name="intervalSeconds">Time between probes; 0 for the system's value.</param>
    /// <param name="count">Unanswered probes that end the connection; 0 for the system's value.</param>
    public static void SetKeepAlive(FileDescriptor socket, int idleSeconds = 0, int intervalSeconds = 0, int count = 0)
    {
        SetOption(socket, SysSocket.SOL_SOCKET, SysSocket.SO_KEEPALIVE, 1);
        if (idleSeconds > 0)
            SetOption(socket, Netinet.IPPROTO_TCP, Netinet.TCP_KEEPIDLE, idleSeconds);
        if (intervalSeconds > 0)
            SetOption(socket, Netinet.IPPROTO_TCP, Netinet.TCP_KEEPINTVL, intervalSeconds);
        if (count > 0)
            SetOption(socket, Netinet.IPPROTO_TCP, Netinet.TCP_KEEPCNT, count);
    }

    /// <summary>Ends both directions and wakes every thread inside the socket. Errors (already ended) are ignored.</summary>
    public static void Shutdown(FileDescriptor socket) => _ = SysSocket.shutdown(socket, SysSocket.SHUT_RDWR);

    /// <summary>Ends the sending direction: the peer reads the end of the stream after what was sent.</summary>
    /// <returns>0, or the negated error number.</returns>
    public static long ShutdownSend(FileDescriptor socket) => FileDescriptor.Result(SysSocket.shutdown(socket, SysSocket.SHUT_WR));

    /// <summary>Receives what is there, waiting for the first byte; 0 at the end.</summary>
    public static long Receive(FileDescriptor socket, Span<byte> buffer) => Receive(socket, buffer, 0);

    /// <summary>Limits how long one receive may wait for a byte; then it gives <see cref="Errno.EAGAIN"/>.</summary>
    /// <param name="socket">The socket.</param>
    /// <param name="timeout">Whole microseconds count; null for no limit.</param>
    public static void SetReceiveTimeout(FileDescriptor socket, TimeSpan? timeout) => SetTimeout(socket, SysSocket.SO_RCVTIMEO, timeout);

    /// <summary>Limits how long one send may wait for room for a byte; then it gives <see cref="Errno.EAGAIN"/>.</summary>
    /// <param name="socket">The socket.</param>
    /// <param name="timeout">Whole microseconds count; null for no limit.</param>
    public static void SetSendTimeout(FileDescriptor socket, TimeSpan? timeout) => SetTimeout(socket, SysSocket.SO_SNDTIMEO, timeout);

    /// <summary>Looks at the next bytes without taking them; waits until there are as many as asked for, or the end.</summary>
    public static long Peek(FileDescriptor socket, Span<byte> buffer)
    {
        var hungUp = false;
        while (true)
        {
            var count = Receive(socket, buffer, SysSocket.MSG_PEEK | SysSocket.MSG_WAITALL);
            if (count <= 0 || count == buffer.Length || hungUp)
                return count;
            // A UNIX socket does not wait for all bytes of a peek, and it stays readable: only time or the end of the stream can be waited for.
            var entry = new PollHeader.pollfd { fd = socket.Number, events = PollHeader.POLLRDHUP };
            // SAFETY: poll touches exactly the one entry.
            hungUp = PollHeader.poll(&entry, 1, PeekAgainMilliseconds) > 0;
        }
    }

    /// <summary>Sends some or all of <paramref name="bytes"/>.</summary>
    public static long Send(FileDescriptor socket, ReadOnlySpan<byte> bytes)
    {
        nint count;
        fixed (byte* from = bytes)
        {
            // SAFETY: the kernel reads at most bytes.Length bytes of the pinned buffer.
            while ((count = SysSocket.send(socket, from, (nuint)bytes.Length, SysSocket.MSG_NOSIGNAL)) < 0 && FileDescriptor.IsInterrupted())
            {
            }
        }

        return FileDescriptor.Result(count);
    }

    /// <summary>Sends some or all of at most 1024 ranges.</summary>
    public static long Send(FileDescriptor socket, ReadOnlySpan<HostRange> ranges)
    {
        nint count;
        fixed (HostRange* iov = ranges)
        {
            var message = new SysSocket.msghdr { msg_iov = iov, msg_iovlen = (nuint)Math.Min(ranges.Length, SysUio.IOV_MAX) };
            // SAFETY: HostRange has the layout of struct iovec; the caller keeps the memory of the ranges alive.
            while ((count = SysSocket.sendmsg(socket, &message, SysSocket.MSG_NOSIGNAL)) < 0 && FileDescriptor.IsInterrupted())
            {
            }
        }

        return FileDescriptor.Result(count);
    }

    /// <summary>Sends bytes of a UNIX socket together with descriptors.</summary>
    /// <param name="socket">A UNIX socket, of any handle type.</param>
    /// <param name="bytes">At least one byte: the descriptors travel with the first.</param>
    /// <param name="descriptors">At most 16; they stay open here.</param>
    public static long SendWithDescriptors(SafeHandle socket, ReadOnlySpan<byte> bytes, params ReadOnlySpan<FileDescriptor> descriptors)
    {
        ArgumentOutOfRangeException.ThrowIfZero(bytes.Length, nameof(bytes));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(descriptors.Length, MaxPassedDescriptors, nameof(descriptors));
        var control = stackalloc byte[sizeof(SysSocket.cmsghdr) + (MaxPassedDescriptors * sizeof(int))];
        var header = (SysSocket.cmsghdr*)control;
        var numbers = (int*)(header + 1);
        for (var i = 0; i < descriptors.Length; i++)
            numbers[i] = descriptors[i].Number;
        header->cmsg_len = (nuint)(sizeof(SysSocket.cmsghdr) + (descriptors.Length * sizeof(int)));
        header->cmsg_level = SysSocket.SOL_SOCKET;
        header->cmsg_type = SysSocket.SCM_RIGHTS;
        nint count;
        fixed (byte* from = bytes)
        {
            var range = new HostRange((nint)from, bytes.Length);
            var message = new SysSocket.msghdr { msg_iov = &range, msg_iovlen = 1 };
            if (descriptors.Length > 0)
            {
                message.msg_control = control;
                message.msg_controllen = (header->cmsg_len + 7) & ~(nuint)7;
            }

            // SAFETY: the message points at the pinned bytes and the control block above, both as long as they say.
            while ((count = SysSocket.sendmsg(socket, &message, SysSocket.MSG_NOSIGNAL)) < 0 && FileDescriptor.IsInterrupted())
            {
            }
        }

        return FileDescriptor.Result(count);
    }

    /// <summary>Receives bytes of a UNIX socket and the descriptors that came with them.</summary>
    /// <param name="socket">A UNIX socket, of any handle type.</param>
    /// <param name="buffer">Where the bytes go.</param>
    /// <param name="received">Gets the descriptors; the caller owns them. More than 16 in one message are dropped by the kernel.</param>
    public static long ReceiveWithDescriptors(SafeHandle socket, Span<byte> buffer, ICollection<FileDescriptor> received)
    {
        ArgumentNullException.ThrowIfNull(received);
        var controlBytes = sizeof(SysSocket.cmsghdr) + (MaxPassedDescriptors * sizeof(int));
        var control = stackalloc byte[controlBytes];
        nint count;
        SysSocket.msghdr message;
        fixed (byte* to = buffer)
        {
            var range = new HostRange((nint)to, buffer.Length);
            do
            {
                message = new SysSocket.msghdr { msg_iov = &range, msg_iovlen = 1, msg_control = control, msg_controllen = (nuint)controlBytes };
                // SAFETY: the message points at the pinned buffer and the control block above, both as long as they say.
                count = SysSocket.recvmsg(socket, &message, SysSocket.MSG_CMSG_CLOEXEC);
            }
            while (count < 0 && FileDescriptor.IsInterrupted());
        }

        if (count >= 0)
            CollectDescriptors(control, message.msg_controllen, received);
        return FileDescriptor.Result(count);
    }

    /// <summary>Reads an integer option; <see langword="false"/> when the descriptor has no such option.</summary>
    internal static bool TryGetOption(FileDescriptor socket, int level, int option, out int value)
    {
        int read = 0;
        uint length = sizeof(int);
        // SAFETY: the kernel writes at most the given length.
        var ok = SysSocket.getsockopt(socket, level, option, &read, &length) == 0;
        value = read;
        return ok;
    }

    private static void CollectDescriptors(byte* control, nuint controlBytes, ICollection<FileDescriptor> received)
    {
        // SAFETY: every step stays below the length that the kernel returned for the control block.
        for (nuint at = 0; at + (nuint)sizeof(SysSocket.cmsghdr) <= controlBytes;)
        {
            var header = (SysSocket.cmsghdr*)(control + at);
            if (header->cmsg_len < (nuint)sizeof(SysSocket.cmsghdr) || header->cmsg_len > controlBytes - at)
                return;
            if (header->cmsg_level == SysSocket.SOL_SOCKET && header->cmsg_type == SysSocket.SCM_RIGHTS)
            {
                var numbers = new ReadOnlySpan<int>(header + 1, (int)((header->cmsg_len - (nuint)sizeof(SysSocket.cmsghdr)) / sizeof(int)));
                foreach (var number in numbers)
                    received.Add(new FileDescriptor(number));
            }

            at += (header->cmsg_len + 7) & ~(nuint)7;
        }
    }

    private static FileDescriptor Open(SocketEndpoint endpoint, bool useMultipath)
    {
        const int Type = SysSocket.SOCK_STREAM | SysSocket.SOCK_CLOEXEC | SysSocket.SOCK_NONBLOCK;
        var number = useMultipath ? SysSocket.socket(endpoint.Family, Type, Netinet.IPPROTO_MPTCP) : -1;
        if (number < 0)
            number = SysSocket.socket(endpoint.Family, Type, 0);
        return number >= 0 ? new FileDescriptor(number) : throw ErrnoException.ForLast("socket");
    }

    private static long ConnectNonBlocking(FileDescriptor socket, SocketEndpoint endpoint, WakeEvent wake)
    {
        while (true)
        {
            int result;
            // SAFETY: the address bytes are pinned for the call and as long as said.
            fixed (byte* address = endpoint.Bytes)
                result = SysSocket.connect(socket, address, (uint)endpoint.Bytes.Length);
            if (result == 0)
                return 0;
            var error = Marshal.GetLastPInvokeError();
            if (error is Errno.EINPROGRESS or Errno.EINTR)
                break;
            if (error != Errno.EAGAIN)
                return -error;
            // A UNIX listener whose backlog is full: there is nothing to poll for, so ask again in a moment.
            if (wake.Wait(10))
                return -Errno.ECANCELED;
        }

        if (!wake.WaitFor(socket, forWriting: true))
            return -Errno.ECANCELED;
        return TryGetOption(socket, SysSocket.SOL_SOCKET, SysSocket.SO_ERROR, out var pending) ? -pending : FileDescriptor.Result(-1);
    }

    private static void SetOption(FileDescriptor socket, int level, int option, int value)
        // SAFETY: the kernel reads exactly the four bytes.
        => _ = SysSocket.setsockopt(socket, level, option, &value, sizeof(int));

    private static void SetTimeout(FileDescriptor socket, int option, TimeSpan? timeout)
    {
        // struct timeval: seconds and microseconds; 0 is for ever, so a limit is never rounded down to that.
        var microseconds = timeout is { } limit ? Math.Max(1, (long)limit.TotalMicroseconds) : 0;
        var value = stackalloc long[2];
        value[0] = microseconds / 1_000_000;
        value[1] = microseconds % 1_000_000;
        // SAFETY: the kernel reads exactly the sixteen bytes.
        if (SysSocket.setsockopt(socket, SysSocket.SOL_SOCKET, option, value, 2 * sizeof(long)) != 0)
            throw ErrnoException.ForLast("setsockopt");
    }

    private static long Receive(FileDescriptor socket, Span<byte> buffer, int flags)
    {
        nint count;
        fixed (byte* to = buffer)
        {
            // SAFETY: the kernel writes at most buffer.Length bytes into the pinned buffer.
            while ((count = SysSocket.recv(socket, to, (nuint)buffer.Length, flags)) < 0 && FileDescriptor.IsInterrupted())
            {
            }
        }

        return FileDescriptor.Result(count);
    }
}
