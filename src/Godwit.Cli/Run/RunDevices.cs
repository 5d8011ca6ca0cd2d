using System.Net.Sockets;
using Godwit.Machine;
using Godwit.Native;

namespace Godwit.Cli;

/// <summary>Opens what the devices of <c>godwit run</c> stand on, and closes what the machine does not.</summary>
internal sealed class RunDevices(ICommandHost host, RunOptions options) : IDisposable
{
    private readonly List<IDisposable> _backends = [];

    /// <summary>Opens a character device in the spelling of <see cref="RunOptions.Serial"/>; null for one that drops everything.</summary>
    /// <exception cref="CommandException">It cannot be opened.</exception>
    public static StreamCharBackend? OpenCharacterDevice(ICommandHost host, string option, string text) => Open($"{option} {text}", CharacterPath(text), () => text switch
    {
        "null" => null,
        "stdio" => new StreamCharBackend(host.OpenOutput(), host.OpenInput()),
        _ when text.StartsWith("file:", StringComparison.Ordinal) => StreamCharBackend.OpenFile(text[5..]),
        _ => OpenUnix(text),
    });

    /// <summary>The path in <c>unix:PATH[,OPTION…]</c>.</summary>
    public static string SocketPath(string text) => text["unix:".Length..].Split(',')[0];

    /// <summary>Opens the virtio devices, in order.</summary>
    /// <exception cref="CommandException">A file or socket cannot be opened, or the file of a drive that no device uses.</exception>
    public IReadOnlyList<VirtioDeviceOptions> Open()
    {
        foreach (DriveSetting drive in options.Drives.Values.Where(drive => !options.Devices.Exists(device => device.Drive == drive.Id)))
            Keep(OpenImage(drive));
        return [.. options.Devices.Select(Open)];
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (IDisposable backend in _backends)
            backend.Dispose();
    }

    private VirtioDeviceOptions Open(DeviceSetting device) => device.Driver switch
    {
        "virtio-blk-device" => OpenDisk(device, options.Drives[device.Drive!]),
        "virtio-net-device" => new VirtioNetOptions
        {
            Slot = device.Slot,
            Id = device.Id,
            Mac = device.Mac,
            ReceiveQueueSize = device.QueueSize,
            Backend = OpenNet(options.NetDevices[device.Net!]),
        },
        "virtio-serial-device" => new VirtioConsoleOptions { Slot = device.Slot, Backend = OpenConsole(device.Console!) },
        "virtio-balloon-device" => device.Balloon!,
        _ => new VirtioRngOptions { Slot = device.Slot },
    };

    private static VirtioBlockOptions OpenDisk(DeviceSetting device, DriveSetting drive) => new()
    {
        Slot = device.Slot,
        Serial = device.Serial,
        Id = device.Id,
        DriveId = drive.Id,
        QueueSize = device.QueueSize,
        WriteErrors = device.WriteErrors ?? drive.WriteErrors ?? DiskErrorAction.StopOnNoSpace,
        ReadErrors = device.ReadErrors ?? drive.ReadErrors ?? DiskErrorAction.Report,
        Image = OpenImage(drive),
    };

    private static RawDiskImage OpenImage(DriveSetting drive) => Open($"-drive {drive.Path}", drive.Path, () => new RawDiskImage(drive.Path, drive.IsReadOnly));

    private INetBackend OpenNet(NetSetting net) => Keep(Open<INetBackend>($"-netdev {net.Kind},id={net.Id}", PathOf(net), () => net.Kind switch
    {
        "hubport" => new NullNetBackend(),
        "dgram" => new DatagramNetBackend(net.Local!, net.Remote!),
        "tap" => net.Interface is { } name ? TapNetBackend.Open(name) : TapNetBackend.FromDescriptor(net.Descriptor),
        _ => net.Local is { } local ? StreamNetBackend.Listen(local) : StreamNetBackend.Connect(net.Remote!),
    }));

    private static string? PathOf(NetSetting net) => (net.Local ?? net.Remote) is UnixDomainSocketEndPoint path ? path.ToString() : null;

    private ICharBackend OpenConsole(string text) => Keep<ICharBackend>((ICharBackend?)OpenCharacterDevice(host, "-device virtconsole", text) ?? new NullCharBackend());

    private T Keep<T>(T backend)
        where T : IDisposable
    {
        _backends.Add(backend);
        return backend;
    }

    private static T Open<T>(string what, string? path, Func<T> open)
    {
        try
        {
            return open();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or SocketException or ErrnoException or ArgumentException)
        {
            throw new CommandException(what, FailureText.Describe(e, path), inner: e);
        }
    }

    private static string? CharacterPath(string text) => text switch
    {
        "null" or "stdio" => null,
        _ when text.StartsWith("file:", StringComparison.Ordinal) => text["file:".Length..],
        _ => SocketPath(text),
    };

    private static UnixCharBackend OpenUnix(string text)
    {
        string path = SocketPath(text);
        return text.Contains(",server", StringComparison.Ordinal) ? UnixCharBackend.Listen(path) : UnixCharBackend.Connect(path);
    }
}
