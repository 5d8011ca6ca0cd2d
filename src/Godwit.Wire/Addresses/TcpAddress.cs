using System.Globalization;
using System.Text;

namespace Godwit.Wire;

/// <summary>A TCP socket.</summary>
/// <param name="Host">Name or number; empty means every address when listening, the local host when connecting.</param>
/// <param name="Port">Number or name of a service; 0 lets a listener choose.</param>
public sealed record TcpAddress(string Host, string Port) : MigrationAddress
{
    private const int MaxHostLength = 64;
    private const int MaxPortLength = 32;

    /// <summary>The last port that a listener tries, or <see langword="null"/> for <see cref="Port"/> alone.</summary>
    public int? To { get; init; }

    /// <summary>Whether IPv4 is wanted; <see langword="null"/> when it was not said.</summary>
    public bool? Ipv4 { get; init; }

    /// <summary>Whether IPv6 is wanted; <see langword="null"/> when it was not said.</summary>
    public bool? Ipv6 { get; init; }

    /// <summary>Whether an idle connection is probed.</summary>
    public bool KeepAlive { get; init; }

    /// <summary>Unanswered probes that end the connection; 0 for the system's value.</summary>
    public int KeepAliveCount { get; init; }

    /// <summary>Idle seconds before the first probe; 0 for the system's value.</summary>
    public int KeepAliveIdle { get; init; }

    /// <summary>Seconds between probes; 0 for the system's value.</summary>
    public int KeepAliveInterval { get; init; }

    /// <summary>Whether Multipath TCP is asked for.</summary>
    public bool Multipath { get; init; }

    /// <summary>Whether the host is a number and must not be looked up.</summary>
    public bool IsNumeric { get; init; }

    /// <inheritdoc/>
    public override bool IsMultiChannel => true;

    /// <inheritdoc/>
    public override string ToUri()
    {
        var uri = new StringBuilder("tcp:");
        // Brackets also for a host that begins with one, as an IPv6 address that was cut short: it would be taken for the opening one.
        if (Host.Contains(':', StringComparison.Ordinal) || Host.StartsWith('['))
            uri.Append('[').Append(Host).Append(']');
        else
            uri.Append(Host);
        uri.Append(':').Append(Port);
        if (To is { } to)
            uri.Append(CultureInfo.InvariantCulture, $",to={to}");
        Append(uri, ",ipv4", Ipv4);
        Append(uri, ",ipv6", Ipv6);
        Append(uri, ",keep-alive", KeepAlive ? true : null);
        Append(uri, ",mptcp", Multipath ? true : null);
        return uri.ToString();
    }

    internal static TcpAddress Parse(string text)
    {
        var (host, port, options) = SplitAddress(text);
        return new TcpAddress(host, port)
        {
            To = ParseTo(options),
            Ipv4 = ParseFlag(options, "ipv4"),
            Ipv6 = ParseFlag(options, "ipv6"),
            KeepAlive = ParseFlag(options, "keep-alive") ?? false,
            Multipath = ParseFlag(options, "mptcp") ?? false,
        };
    }

    private static (string Host, string Port, string Options) SplitAddress(string text)
    {
        var (what, hostStart, separator) = text switch
        {
            [':', ..] => ("port in address", 0, ":"),
            ['[', ..] => ("IPv6 address", 1, "]:"),
            _ => ("address", 0, ":"),
        };
        var hostEnd = text.IndexOf(separator, StringComparison.Ordinal);
        if (hostEnd >= 0 && hostEnd - hostStart <= MaxHostLength && (hostEnd > hostStart || text[0] == ':'))
        {
            var portStart = hostEnd + separator.Length;
            var portEnd = text.IndexOf(',', portStart);
            if (portEnd < 0)
                portEnd = text.Length;
            if (portEnd > portStart && portEnd - portStart <= MaxPortLength)
                return (text[hostStart..hostEnd], text[portStart..portEnd], text[portEnd..]);
        }

        throw new MigrationAddressException($"error parsing {what} '{text}'");
    }

    private static int? ParseTo(string options)
    {
        const string Name = ",to=";
        var at = options.IndexOf(Name, StringComparison.Ordinal);
        if (at < 0)
            return null;
        var value = options[(at + Name.Length)..].Split(',', 2)[0];
        return ushort.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var to)
            ? to
            : throw new MigrationAddressException("error parsing to= argument");
    }

    private static bool? ParseFlag(string options, string name)
    {
        var at = options.IndexOf("," + name, StringComparison.Ordinal);
        if (at < 0)
            return null;
        var value = options[(at + name.Length + 1)..].Split(',', 2)[0];
        return value switch
        {
            "" or "=on" => true,
            "=off" => false,
            _ => throw new MigrationAddressException($"error parsing '{name}' flag '{value}'"),
        };
    }

    private static void Append(StringBuilder uri, string option, bool? value)
    {
        if (value is { } given)
            uri.Append(option).Append(given ? "=on" : "=off");
    }
}
