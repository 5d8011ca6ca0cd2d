using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Runtime.InteropServices;
using System.Text;
using Godwit.Native.Linux;

namespace Godwit.Native;

/// <summary>A socket address in the kernel's form (<c>struct sockaddr</c>).</summary>
public sealed class SocketEndpoint
{
    /// <summary>The longest path of a UNIX socket, in bytes, without its terminating zero.</summary>
    public const int MaxUnixPathBytes = 107;

    private readonly byte[] _bytes;

    private SocketEndpoint(byte[] bytes) => _bytes = bytes;

    /// <summary>Whether this is an IPv4 address.</summary>
    public bool IsIPv4 => Family == SysSocket.AF_INET;

    /// <summary>Whether this is an IPv6 address.</summary>
    public bool IsIPv6 => Family == SysSocket.AF_INET6;

    /// <summary>The port of an internet address, else 0.</summary>
    public int Port => IsIPv4 || IsIPv6 ? BinaryPrimitives.ReadUInt16BigEndian(_bytes.AsSpan(2)) : 0;

    /// <summary>The numeric host of an internet address, else an empty text.</summary>
    public string Host => Family switch
    {
        SysSocket.AF_INET => new IPAddress(_bytes.AsSpan(4, 4)).ToString(),
        SysSocket.AF_INET6 => new IPAddress(_bytes.AsSpan(8, 16), BinaryPrimitives.ReadUInt32LittleEndian(_bytes.AsSpan(24))).ToString(),
        _ => "",
    };

    internal int Family => BinaryPrimitives.ReadUInt16LittleEndian(_bytes);

    internal ReadOnlySpan<byte> Bytes => _bytes;

    /// <summary>The address of a UNIX socket.</summary>
    /// <param name="path">Path in the file system, or the name of an abstract socket.</param>
    /// <param name="isAbstract">Whether the name is abstract.</param>
    /// <param name="isTight">Whether an abstract name ends with its last character; otherwise it is filled with zeros to its full size.</param>
    /// <exception cref="ArgumentException">The path is empty or longer than <see cref="MaxUnixPathBytes"/>.</exception>
    public static SocketEndpoint Unix(string path, bool isAbstract = false, bool isTight = true)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var name = Encoding.UTF8.GetBytes(path);
        if (name.Length > MaxUnixPathBytes)
            throw new ArgumentException($"UNIX socket path '{path}' is too long", nameof(path));
        var start = isAbstract ? 3 : 2;
        var bytes = new byte[isAbstract && isTight ? start + name.Length : 2 + MaxUnixPathBytes + 1];
        BinaryPrimitives.WriteUInt16LittleEndian(bytes, SysSocket.AF_UNIX);
        name.CopyTo(bytes.AsSpan(start));
        return new SocketEndpoint(bytes);
    }

    /// <summary>Looks up the addresses of a host and a service by the system's resolver.</summary>
    /// <param name="host">Name or number; empty means the loopback addresses, or every address when <paramref name="forListening"/>.</param>
    /// <param name="service">Port number or name of a service.</param>
    /// <param name="forListening">Whether the addresses are to be bound.</param>
    /// <param name="allowIPv4">Whether IPv4 addresses are wanted.</param>
    /// <param name="allowIPv6">Whether IPv6 addresses are wanted.</param>
    /// <param name="numericOnly">Whether names are refused without asking the network.</param>
    /// <param name="endpoints">The addresses in the resolver's order; empty on failure.</param>
    /// <returns><see langword="null"/>, or the resolver's error text.</returns>
    public static unsafe string? Resolve(
        string host, string service, bool forListening, bool allowIPv4, bool allowIPv6, bool numericOnly, out IReadOnlyList<SocketEndpoint> endpoints)
    {
        ArgumentNullException.ThrowIfNull(host);
        var hints = new Netdb.addrinfo
        {
            ai_flags = (forListening ? Netdb.AI_PASSIVE : 0) | (numericOnly ? Netdb.AI_NUMERICHOST : 0),
            ai_family = (allowIPv4, allowIPv6) switch { (true, false) => SysSocket.AF_INET, (false, true) => SysSocket.AF_INET6, _ => 0 },
            ai_socktype = SysSocket.SOCK_STREAM,
        };
        var found = new List<SocketEndpoint>();
        endpoints = found;
        Netdb.addrinfo* list = null;
        // SAFETY: the resolver allocates a linked list, which is copied out and freed before this method returns.
        var error = Netdb.getaddrinfo(host.Length == 0 ? null : host, service, &hints, &list);
        if (error != 0)
            return Marshal.PtrToStringUTF8(Netdb.gai_strerror(error)) ?? error.ToString(CultureInfo.InvariantCulture);
        for (var entry = list; entry is not null; entry = entry->ai_next)
        {
            if (entry->ai_family is SysSocket.AF_INET or SysSocket.AF_INET6)
                found.Add(new SocketEndpoint(new ReadOnlySpan<byte>(entry->ai_addr, (int)entry->ai_addrlen).ToArray()));
        }

        Netdb.freeaddrinfo(list);
        return null;
    }

    /// <summary>The same internet address with another port.</summary>
    public SocketEndpoint WithPort(int port)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)port, ushort.MaxValue, nameof(port));
        var bytes = (byte[])_bytes.Clone();
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(2), (ushort)port);
        return new SocketEndpoint(bytes);
    }

    /// <inheritdoc/>
    public override string ToString() => Family switch
    {
        SysSocket.AF_INET => string.Create(CultureInfo.InvariantCulture, $"{Host}:{Port}"),
        SysSocket.AF_INET6 => string.Create(CultureInfo.InvariantCulture, $"[{Host}]:{Port}"),
        _ => Encoding.UTF8.GetString(_bytes.AsSpan(2)).Trim('\0'),
    };

    internal static SocketEndpoint FromBytes(ReadOnlySpan<byte> bytes) => new(bytes.ToArray());
}
