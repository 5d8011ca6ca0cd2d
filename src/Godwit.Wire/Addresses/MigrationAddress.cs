using System.Text.Json;

namespace Godwit.Wire;

/// <summary>Where a migration stream goes to or comes from. The grammar is in <c>docs/formats/channels.md</c>.</summary>
public abstract record MigrationAddress
{
    /// <summary>Whether several connections can be made to the address (multifd, postcopy preempt).</summary>
    /// <remarks>A file counts only together with mapped-ram; that is the caller's check.</remarks>
    public virtual bool IsMultiChannel => false;

    /// <summary>Whether the channel has a file position (mapped-ram).</summary>
    public virtual bool IsSeekable => false;

    /// <summary>Reads the URI form, for instance <c>tcp:host:4444</c> or <c>file:/x,offset=4k</c>.</summary>
    /// <exception cref="MigrationAddressException">The text is not such a URI.</exception>
    public static MigrationAddress ParseUri(string uri)
    {
        ArgumentNullException.ThrowIfNull(uri);
        var colon = uri.IndexOf(':', StringComparison.Ordinal);
        var rest = uri[(colon + 1)..];
        return uri[..Math.Max(colon, 0)] switch
        {
            "tcp" => TcpAddress.Parse(rest),
            "unix" => new UnixAddress(rest.Length > 0 ? rest : throw new MigrationAddressException("invalid Unix socket address")),
            "fd" => new FdAddress(rest.Length > 0 ? rest : throw new MigrationAddressException("invalid file descriptor address")),
            "exec" => ExecAddress.ForShell(rest),
            "file" => FileAddress.Parse(rest),
            "vsock" or "rdma" => throw new MigrationAddressException($"migration protocol is not supported: {uri}"),
            _ => throw new MigrationAddressException($"unknown migration protocol: {uri}"),
        };
    }

    /// <summary>Reads the <c>channels</c> argument of <c>migrate</c>: a list of one main channel.</summary>
    /// <exception cref="MigrationAddressException">The value is not such a list.</exception>
    public static MigrationAddress FromChannels(JsonElement channels) => ChannelsParser.Parse(channels);

    /// <summary>The URI form. Options that a URI cannot say are left out.</summary>
    public abstract string ToUri();

    /// <inheritdoc/>
    public sealed override string ToString() => ToUri();
}
