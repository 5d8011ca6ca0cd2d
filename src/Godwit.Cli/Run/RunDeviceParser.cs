using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Godwit.Machine;

namespace Godwit.Cli;

/// <summary>Reads <c>-drive</c>, <c>-netdev</c> and <c>-device</c> as QEMU spells them.</summary>
internal static class RunDeviceParser
{
    private const string BusPrefix = "virtio-mmio-bus.";
    private const int SlotCount = 8;

    // The address that a peer gives to its first card; each further one has the next.
    private static readonly byte[] _firstMac = [0x52, 0x54, 0x00, 0x12, 0x34, 0x56];

    public static void Drive(RunOptions options, string option, string value)
    {
        OptionValue v = OptionValue.Parse(option, value, firstKey: null);
        string path = v.TakePath("file") ?? throw v.Refuse("file", "is missing");
        string id = v.Take("id") ?? throw v.Refuse("id", "is missing");
        Only(v, "if", "none", isRequired: true);
        string format = v.Take("format") ?? throw v.Refuse("format", "is missing; there are raw and snapshots");
        if (format == "snapshots")
        {
            string name = v.Take("node-name") ?? id;
            v.End();
            if (options.Drives.ContainsKey(id) || options.SnapshotStores.Exists(store => store.Key == name))
                throw v.Refuse($"id={id}", "is given twice");
            options.SnapshotStores.Add(KeyValuePair.Create(name, path));
            return;
        }

        if (format != "raw")
            throw v.Refuse($"format={format}", "is not supported; there are raw, and snapshots for a directory that savevm writes to");
        Only(v, "media", "disk");
        if (v.Take("cache") is { } cache and not ("writeback" or "none"))
            throw v.Refuse($"cache={cache}", "is not supported; there are writeback and none");
        bool isReadOnly = v.TakeSwitch("readonly") ?? v.TakeSwitch("read-only") ?? false;
        var drive = new DriveSetting(id, path, isReadOnly, ErrorAction(v, "werror"), ErrorAction(v, "rerror"));
        v.End();
        if (options.SnapshotStores.Exists(store => store.Key == id) || !options.Drives.TryAdd(id, drive))
            throw v.Refuse($"id={id}", "is given twice");
    }

    public static void NetDevice(RunOptions options, string option, string value)
    {
        OptionValue v = OptionValue.Parse(option, value, "type");
        string id = v.Take("id") ?? throw v.Refuse("id", "is missing");
        string kind = v.Take("type") ?? "";
        NetSetting setting = kind switch
        {
            "stream" => Stream(v, id),
            "socket" => Socket(v, id),
            "dgram" => new NetSetting(id, kind, Address(v, "local"), Address(v, "remote")),
            "hubport" => HubPort(v, id),
            "tap" => Tap(v, id),
            _ => throw v.Refuse(kind, "is not a supported network backend; there are stream, dgram, socket, tap and hubport"),
        };
        v.End();
        if (!options.NetDevices.TryAdd(id, setting))
            throw v.Refuse($"id={id}", "is given twice");
    }

    public static void Device(RunOptions options, string option, string value)
    {
        OptionValue v = OptionValue.Parse(option, value, "driver");
        string driver = v.Take("driver") ?? "";
        switch (driver)
        {
            case "virtconsole":
                Console(options, v);
                return;
            case "loader":
                options.Loaders.Add(LoaderParser.Parse(v));
                return;
        }

        var device = new DeviceSetting { Driver = driver, Slot = Slot(v), Id = v.Take("id") };
        device = driver switch
        {
            "virtio-blk-device" => device with
            {
                Drive = v.Take("drive") ?? throw v.Refuse("drive", "is missing"),
                Serial = v.Take("serial") ?? "",
                QueueSize = QueueSize(v, "queue-size", 4),
                WriteErrors = ErrorAction(v, "werror"),
                ReadErrors = ErrorAction(v, "rerror"),
            },
            "virtio-net-device" => device with
            {
                Net = v.Take("netdev") ?? throw v.Refuse("netdev", "is missing"),
                Mac = Mac(v),
                QueueSize = QueueSize(v, "rx_queue_size", 256),
            },
            "virtio-balloon-device" => Balloon(v, device),
            "virtio-rng-device" or "virtio-serial-device" => device,
            _ => throw v.Refuse(
                driver,
                "is not a supported device; there are virtio-balloon-device, virtio-blk-device, virtio-net-device, virtio-rng-device, virtio-serial-device, virtconsole and loader"),
        };
        if (driver == "virtio-net-device")
            Only(v, "tx_queue_size", "256");
        v.End();
        options.Devices.Add(device);
    }

    /// <summary>Once all options are read: every name that a device uses is there.</summary>
    public static void Finish(RunOptions options, Func<string, string> findCharacterDevice)
    {
        int cards = 0;
        for (int i = 0; i < options.Devices.Count; i++)
        {
            DeviceSetting device = options.Devices[i];
            if (device.Drive is { } drive && !options.Drives.ContainsKey(drive))
                throw CommandException.Usage($"-device {device.Driver}", $"there is no drive '{drive}'");
            if (device.Net is { } net && !options.NetDevices.ContainsKey(net))
                throw CommandException.Usage($"-device {device.Driver}", $"there is no netdev '{net}'");
            if (device.IoThread is { } thread && !options.IoThreads.Contains(thread))
                throw CommandException.Usage($"-device {device.Driver}", $"there is no iothread '{thread}'");
            if (device.Balloon is not null && options.Devices.Count(d => d.Balloon is not null) > 1)
                throw CommandException.Usage($"-device {device.Driver}", "Only one balloon device is supported");
            if (device.Driver == "virtio-serial-device")
                device.Console = findCharacterDevice(device.Console ?? throw CommandException.Usage($"-device {device.Driver}", "is supported only with a virtconsole"));
            if (device.Net is null || !device.Mac.IsEmpty)
                continue;
            options.Devices[i] = device with { Mac = [.. _firstMac.AsSpan(0, 5), (byte)(_firstMac[5] + cards)] };
            cards++;
        }
    }

    private static DeviceSetting Balloon(OptionValue v, DeviceSetting device)
    {
        bool hints = v.TakeSwitch("free-page-hint") ?? false;
        string? thread = v.Take("iothread");
        if (hints && thread is null)
            throw v.Refuse("free-page-hint", "requires 'iothread' to be set");
        return device with
        {
            IoThread = thread,
            Balloon = new VirtioBalloonOptions
            {
                Slot = device.Slot,
                Id = device.Id,
                HasFreePageHints = hints,
                DeflatesOnOutOfMemory = v.TakeSwitch("deflate-on-oom") ?? false,
                HasPagePoison = v.TakeSwitch("page-poison") ?? true,
                HasFreePageReporting = v.TakeSwitch("free-page-reporting") ?? false,
            },
        };
    }

    private static void Console(RunOptions options, OptionValue v)
    {
        string chardev = v.Take("chardev") ?? throw v.Refuse("chardev", "is missing");
        _ = v.Take("id");
        _ = v.Take("bus");
        Only(v, "nr", "0");
        v.End();
        DeviceSetting serial = options.Devices.FindLast(d => d.Driver == "virtio-serial-device" && d.Console is null)
            ?? throw v.Refuse("virtconsole", "needs a virtio-serial-device before it, one for each");
        serial.Console = chardev;
    }

    private static NetSetting Stream(OptionValue v, string id)
    {
        bool isServer = v.TakeSwitch("server") ?? false;
        EndPoint address = Address(v, "addr");
        return new NetSetting(id, "stream", isServer ? address : null, isServer ? null : address);
    }

    private static NetSetting Socket(OptionValue v, string id)
    {
        if (v.Take("listen") is { } listen)
            return new NetSetting(id, "stream", HostAndPort(v, listen), null);
        return v.Take("connect") is { } connect
            ? new NetSetting(id, "stream", null, HostAndPort(v, connect))
            : throw v.Refuse("listen", "or connect is missing");
    }

    private static NetSetting Tap(OptionValue v, string id)
    {
        // Without headers before its frames a guest can go to and come from every other kind of cable.
        Only(v, "vnet_hdr", "off");
        Only(v, "vhost", "off");
        if (v.Take("fd") is { } fd)
        {
            return int.TryParse(fd, NumberStyles.None, CultureInfo.InvariantCulture, out int number)
                ? new NetSetting(id, "tap", null, null) { Descriptor = number }
                : throw v.Refuse($"fd={fd}", "is not the number of a descriptor");
        }

        string name = v.Take("ifname") ?? throw v.Refuse("ifname", "or fd is missing");
        Only(v, "script", "no", isRequired: true);
        Only(v, "downscript", "no", isRequired: true);
        return new NetSetting(id, "tap", null, null) { Interface = name };
    }

    private static int QueueSize(OptionValue v, string key, int minimum)
    {
        const int Default = 256;
        const int Maximum = 1024;
        if (v.Take(key) is not { } text)
            return Default;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int size) && int.IsPow2(size) && size >= minimum && size <= Maximum
            ? size
            : throw v.Refuse($"{key}={text}", $"is not a power of 2 between {minimum} and {Maximum}");
    }

    private static NetSetting HubPort(OptionValue v, string id)
    {
        _ = v.Take("hubid") ?? throw v.Refuse("hubid", "is missing");
        return new NetSetting(id, "hubport", null, null);
    }

    private static EndPoint Address(OptionValue v, string name)
    {
        switch (v.Take($"{name}.type"))
        {
            case "unix":
                return new UnixDomainSocketEndPoint(v.TakeSocketPath($"{name}.path") ?? throw v.Refuse($"{name}.path", "is missing"));
            case "inet":
                string host = v.Take($"{name}.host") ?? throw v.Refuse($"{name}.host", "is missing");
                string port = v.Take($"{name}.port") ?? throw v.Refuse($"{name}.port", "is missing");
                return HostAndPort(v, $"{host}:{port}");
            case var type:
                throw v.Refuse($"{name}.type={type}", "is not supported; there are unix and inet");
        }
    }

    private static IPEndPoint HostAndPort(OptionValue v, string text)
    {
        int colon = text.LastIndexOf(':');
        if (colon < 0 || !ushort.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out ushort port))
            throw v.Refuse(text, "is not an address HOST:PORT");
        string host = text[..colon].Trim('[', ']');
        if (host.Length == 0)
            return new IPEndPoint(IPAddress.Any, port);
        if (IPAddress.TryParse(host, out IPAddress? address))
            return new IPEndPoint(address, port);
        try
        {
            return new IPEndPoint(Dns.GetHostAddresses(host, AddressFamily.InterNetwork)[0], port);
        }
        catch (Exception e) when (e is SocketException or IndexOutOfRangeException)
        {
            throw v.Refuse(text, "names no host that is known");
        }
    }

    private static int? Slot(OptionValue v)
    {
        if (v.Take("bus") is not { } bus)
            return null;
        return bus.StartsWith(BusPrefix, StringComparison.Ordinal)
            && int.TryParse(bus.AsSpan(BusPrefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out int slot) && slot < SlotCount
                ? slot
                : throw v.Refuse($"bus={bus}", $"does not exist; there are {BusPrefix}0 to {BusPrefix}{SlotCount - 1}");
    }

    private static ImmutableArray<byte> Mac(OptionValue v)
    {
        if (v.Take("mac") is not { } text)
            return [];
        string[] parts = text.Split(':');
        var mac = new byte[parts.Length];
        for (int i = 0; i < parts.Length; i++)
        {
            if (parts.Length != 6 || !byte.TryParse(parts[i], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out mac[i]))
                throw v.Refuse($"mac={text}", "is not an address of six bytes");
        }

        return [.. mac];
    }

    private static DiskErrorAction? ErrorAction(OptionValue v, string key) => (v.Take(key), key) switch
    {
        (null or "auto", _) => null,
        ("report", _) => DiskErrorAction.Report,
        ("ignore", _) => DiskErrorAction.Ignore,
        ("stop", _) => DiskErrorAction.Stop,
        ("enospc", "werror") => DiskErrorAction.StopOnNoSpace,
        (var other, _) => throw v.Refuse($"{key}={other}", "is not an error policy; there are report, ignore, stop, auto, and enospc for werror"),
    };

    private static void Only(OptionValue v, string key, string only, bool isRequired = false)
    {
        string? value = v.Take(key);
        if (value is null && isRequired)
            throw v.Refuse(key, $"is missing; only {key}={only} is supported");
        if (value is not null && value != only)
            throw v.Refuse($"{key}={value}", $"is not supported; only {key}={only} is");
    }
}
