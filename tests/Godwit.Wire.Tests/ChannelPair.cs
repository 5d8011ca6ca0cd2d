using Godwit.Native;

namespace Godwit.Wire.Tests;

/// <summary>The two ends of a channel of each kind, opened the way a migration opens them.</summary>
internal sealed class ChannelPair : IDisposable
{
    private readonly Func<Channel> _openDestination;
    private readonly List<IDisposable> _owned = [];
    private readonly string _directory = Directory.CreateTempSubdirectory("godwit-wire-").FullName;
    private Channel? _destination;

    public ChannelPair(string kind)
    {
        switch (kind)
        {
            case "tcp":
                (Source, _openDestination) = Connected(new TcpAddress("127.0.0.1", "0"));
                break;
            case "tcp6":
                (Source, _openDestination) = Connected(new TcpAddress("::1", "0"));
                break;
            case "unix":
                (Source, _openDestination) = Connected(new UnixAddress(Path.Combine(_directory, "s")));
                break;
            case "fd-socket":
                var (first, second) = Sockets.CreatePair();
                (Source, _openDestination) = ByName(first, second);
                break;
            case "fd-pipe":
                var (reader, writer) = FileDescriptor.CreatePipe();
                (Source, _openDestination) = ByName(writer, reader);
                break;
            case "exec":
                var path = Path.Combine(_directory, "x");
                Source = ChannelFactory.Connect(ExecAddress.ForShell($"cat > {path}"));
                _openDestination = () => Incoming(ExecAddress.ForShell($"cat {path}"));
                break;
            case "file":
                var file = new FileAddress(Path.Combine(_directory, "f"), 0x1000);
                Source = ChannelFactory.Connect(file);
                _openDestination = () => Incoming(file);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(kind));
        }
    }

    /// <summary>Kinds whose two ends live at the same time: a slow reader stops the writer.</summary>
    public static TheoryData<string> LiveKinds => ["tcp", "tcp6", "unix", "fd-socket", "fd-pipe"];

    public static TheoryData<string> AllKinds => ["tcp", "tcp6", "unix", "fd-socket", "fd-pipe", "exec", "file"];

    public static bool IsLive(string kind) => kind is not ("exec" or "file");

    public Channel Source { get; }

    /// <summary>The other end; of a command or a file only when the source has finished.</summary>
    public Channel Destination => _destination ??= _openDestination();

    public void Dispose()
    {
        Source.Dispose();
        _destination?.Dispose();
        _owned.ForEach(o => o.Dispose());
        Directory.Delete(_directory, recursive: true);
    }

    private (Channel Source, Func<Channel> Open) Connected(MigrationAddress address)
    {
        var listener = ChannelFactory.Listen(address);
        _owned.Add(listener);
        var source = ChannelFactory.Connect(listener.LocalAddress);
        return (source, () => listener.Accept());
    }

    private static (Channel Source, Func<Channel> Open) ByName(FileDescriptor source, FileDescriptor destination)
    {
        var store = new FdStore { ["out"] = source, ["in"] = destination };
        var channel = ChannelFactory.Connect(new FdAddress("out"), store);
        return (channel, () =>
        {
            using var listener = ChannelFactory.Listen(new FdAddress("in"), store);
            return listener.Accept();
        }
        );
    }

    private static Channel Incoming(MigrationAddress address)
    {
        using var listener = ChannelFactory.Listen(address);
        return listener.Accept();
    }
}
