using System.Text.Json;

namespace Godwit.Wire;

/// <summary>The <c>channels</c> argument of <c>migrate</c> and <c>migrate-incoming</c>.</summary>
internal static class ChannelsParser
{
    internal static MigrationAddress Parse(JsonElement channels)
    {
        if (channels.ValueKind != JsonValueKind.Array)
            throw new MigrationAddressException("Invalid parameter type for 'channels', expected: array");
        try
        {
            return ParseList(channels);
        }
        catch (InvalidOperationException)
        {
            // The base library's way to say that a text has half a surrogate pair.
            throw new MigrationAddressException("Invalid text in 'channels'");
        }
    }

    private static MigrationAddress ParseList(JsonElement channels)
    {
        MigrationAddress? main = null;
        var index = 0;
        foreach (var element in channels.EnumerateArray())
        {
            var address = ParseChannel(new QapiObject(element, $"channels[{index++}]"), out var type);
            if (type != "main")
                throw new MigrationAddressException($"channel type is not supported: {type}");
            if (main is not null)
                throw new MigrationAddressException("Channel list has more than one main entry");
            main = address;
        }

        return main ?? throw new MigrationAddressException("Channel list has no main entry");
    }

    private static MigrationAddress ParseChannel(QapiObject channel, out string type)
    {
        type = channel.GetString("channel-type");
        if (type is not ("main" or "cpr"))
            throw QapiObject.BadValue("channel-type", type);
        var address = ParseAddress(channel.GetObject("addr"));
        channel.RefuseUnknown();
        return address;
    }

    private static MigrationAddress ParseAddress(QapiObject addr)
    {
        var transport = addr.GetString("transport");
        MigrationAddress address = transport switch
        {
            "socket" => ParseSocket(addr),
            "exec" => ParseExec(addr),
            "file" => new FileAddress(addr.GetString("filename"), addr.GetOffset("offset")),
            "rdma" => throw new MigrationAddressException("migration protocol is not supported: rdma"),
            _ => throw QapiObject.BadValue("transport", transport),
        };
        addr.RefuseUnknown();
        return address;
    }

    private static MigrationAddress ParseSocket(QapiObject addr)
    {
        var type = addr.GetString("type");
        return type switch
        {
            "inet" => ParseInet(addr),
            "unix" => new UnixAddress(addr.GetString("path"), addr.GetOptionalBool("abstract") ?? false, addr.GetOptionalBool("tight") ?? true),
            "fd" => new FdAddress(addr.GetString("str")),
            "vsock" => throw new MigrationAddressException("migration protocol is not supported: vsock"),
            _ => throw QapiObject.BadValue("type", type),
        };
    }

    private static TcpAddress ParseInet(QapiObject addr)
        => new(addr.GetString("host"), addr.GetString("port"))
        {
            IsNumeric = addr.GetOptionalBool("numeric") ?? false,
            To = (int?)addr.GetOptionalNumber("to", ushort.MaxValue, "uint16_t"),
            Ipv4 = addr.GetOptionalBool("ipv4"),
            Ipv6 = addr.GetOptionalBool("ipv6"),
            KeepAlive = addr.GetOptionalBool("keep-alive") ?? false,
            KeepAliveCount = addr.GetSeconds("keep-alive-count"),
            KeepAliveIdle = addr.GetSeconds("keep-alive-idle"),
            KeepAliveInterval = addr.GetSeconds("keep-alive-interval"),
            Multipath = addr.GetOptionalBool("mptcp") ?? false,
        };

    private static ExecAddress ParseExec(QapiObject addr)
    {
        var args = addr.GetStrings("args");
        return args.IsEmpty ? throw new MigrationAddressException("exec needs the name of a program in 'args'") : new ExecAddress(args);
    }
}
