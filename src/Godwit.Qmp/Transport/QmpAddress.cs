using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Godwit.Native;
using Microsoft.Win32.SafeHandles;

namespace Godwit.Qmp;

/// <summary>Where a QMP server is: <c>unix:PATH</c>, <c>tcp:HOST:PORT</c>, a bare path, or <c>stdio</c>.</summary>
public sealed record QmpAddress
{
    private QmpAddress(QmpAddressKind kind, string hostOrPath, int port)
    {
        Kind = kind;
        HostOrPath = hostOrPath;
        Port = port;
    }

    /// <summary>What kind of transport.</summary>
    public QmpAddressKind Kind { get; }

    /// <summary>Path of a UNIX socket, or host name; empty for <c>stdio</c> and for "any host".</summary>
    public string HostOrPath { get; }

    /// <summary>TCP port; 0 lets a listener choose.</summary>
    public int Port { get; }

    /// <summary>Standard input and output.</summary>
    public static QmpAddress Stdio { get; } = new(QmpAddressKind.Stdio, "", 0);

    /// <summary>A UNIX socket.</summary>
    /// <param name="path">Its path.</param>
    public static QmpAddress Unix(string path) => new(QmpAddressKind.Unix, path, 0);

    /// <summary>A TCP port.</summary>
    /// <param name="host">Host name or address.</param>
    /// <param name="port">Port, 0 to 65535.</param>
    public static QmpAddress Tcp(string host, int port) => new(QmpAddressKind.Tcp, host, port);

    /// <summary>Reads an address.</summary>
    /// <param name="text">The address; a text without a known scheme is the path of a UNIX socket.</param>
    /// <exception cref="FormatException">The text is none; the message says why.</exception>
    public static QmpAddress Parse(string text)
    {
        if (text is "stdio")
            return Stdio;
        if (text.StartsWith("tcp:", StringComparison.Ordinal))
            return ParseTcp(text);
        string path = text.StartsWith("unix:", StringComparison.Ordinal) ? text[5..] : text;
        if (path.Length == 0)
            throw new FormatException($"'{text}' is not the address of a QMP server: the path of the socket is empty");
        if (Encoding.UTF8.GetByteCount(path) > SocketEndpoint.MaxUnixPathBytes)
            throw new FormatException($"'{text}' is not the address of a QMP server: the path of a socket has at most {SocketEndpoint.MaxUnixPathBytes} bytes");
        return Unix(path);
    }

    /// <inheritdoc/>
    public override string ToString() => Kind switch
    {
        QmpAddressKind.Unix => $"unix:{HostOrPath}",
        QmpAddressKind.Tcp => string.Create(CultureInfo.InvariantCulture, $"tcp:{(HostOrPath.Contains(':') ? $"[{HostOrPath}]" : HostOrPath)}:{Port}"),
        _ => "stdio",
    };

    /// <summary>Connects; <c>stdio</c> is connected by nature.</summary>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="QmpConnectionException">Nobody listens there, or the address is no usable one.</exception>
    public async Task<QmpTransport> ConnectAsync(CancellationToken cancellationToken)
    {
        if (Kind == QmpAddressKind.Stdio)
            return new StreamQmpTransport(StandardStream(0, FileAccess.Read), StandardStream(1, FileAccess.Write), "stdio");
        Socket socket = CreateSocket();
        try
        {
            if (Kind == QmpAddressKind.Unix)
                await socket.ConnectAsync(UnixEndPoint(), cancellationToken);
            else
                await socket.ConnectAsync(HostOrPath.Length == 0 ? "localhost" : HostOrPath, Port, cancellationToken);
            return new SocketQmpTransport(socket, ToString());
        }
        catch (SocketException e)
        {
            socket.Dispose();
            throw new QmpConnectionException($"cannot connect to {this}: {Describe(e)}", e);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Binds a listening socket; a UNIX socket replaces what was at its path.</summary>
    /// <param name="backlog">Connections that may wait.</param>
    /// <exception cref="QmpConnectionException">The address cannot be listened on.</exception>
    public Socket Listen(int backlog)
    {
        Socket socket = CreateSocket();
        try
        {
            if (Kind == QmpAddressKind.Unix)
            {
                File.Delete(HostOrPath);
                socket.Bind(UnixEndPoint());
            }
            else
            {
                // No ReuseAddress: the runtime takes an address in TIME_WAIT anyway, and with that option also one that somebody listens on.
                IPAddress address = HostOrPath.Length == 0 ? IPAddress.IPv6Any : Resolve(HostOrPath);
                if (address.AddressFamily == AddressFamily.InterNetworkV6)
                    socket.DualMode = true;
                else
                {
                    socket.Dispose();
                    socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                }

                socket.Bind(new IPEndPoint(address, Port));
            }

            socket.Listen(backlog);
            return socket;
        }
        catch (Exception e) when (e is SocketException or IOException or UnauthorizedAccessException)
        {
            socket.Dispose();
            throw new QmpConnectionException($"cannot listen on {this}: {Describe(e)}", e);
        }
    }

    private static QmpAddress ParseTcp(string text)
    {
        string rest = text[4..];
        int colon = rest.LastIndexOf(':');
        if (colon < 0 || !int.TryParse(rest.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out int port) || port > 65535)
            throw new FormatException($"'{text}' is not the address of a QMP server: expected tcp:HOST:PORT");
        string host = rest[..colon];
        if (host.StartsWith('[') && host.EndsWith(']'))
            host = host[1..^1];
        return Tcp(host, port);
    }

    private string Describe(Exception failure) => Kind == QmpAddressKind.Unix ? FileSystem.Describe(failure, HostOrPath) : failure.Message;

    private static IPAddress Resolve(string host) =>
        IPAddress.TryParse(host, out IPAddress? address) ? address : Dns.GetHostAddresses(host)[0];

    // The descriptors themselves: this layer does not know the console.
    private static FileStream StandardStream(int number, FileAccess access) =>
        new(new SafeFileHandle(number, ownsHandle: false), access, bufferSize: 0);

    private Socket CreateSocket() => Kind == QmpAddressKind.Unix
        ? new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
        : new Socket(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp) { DualMode = true };

    private UnixDomainSocketEndPoint UnixEndPoint()
    {
        try
        {
            return new UnixDomainSocketEndPoint(HostOrPath);
        }
        catch (ArgumentException e)
        {
            throw new QmpConnectionException($"cannot use {this}: {e.Message}", e);
        }
    }
}
