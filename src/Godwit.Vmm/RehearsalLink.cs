using System.Collections.Concurrent;
using Godwit.Native;
using Godwit.Wire;

namespace Godwit.Vmm;

/// <summary>What lies between the two machines of a rehearsal: pairs of sockets, or a file in memory. The host sees neither.</summary>
internal sealed class RehearsalLink : IFdResolver, IDisposable
{
    /// <summary>Room for the RAM of a machine behind the headers; only what is written takes memory.</summary>
    private const long FileBytes = 64 << 20;

    private static readonly FdAddress _nearEnd = new("near");

    private static readonly FdAddress _farEnd = new("far");

    private readonly ConcurrentQueue<FileDescriptor> _near = new();
    private readonly ConcurrentQueue<FileDescriptor> _far = new();
    private readonly HostMapping? _file;

    /// <summary>Makes it.</summary>
    /// <param name="channels">Pairs of sockets; 0 for a file.</param>
    public RehearsalLink(int channels)
    {
        if (channels == 0)
            _file = HostMapping.AllocateShared("rehearsal", FileBytes);
        for (int i = 0; i < channels; i++)
        {
            (FileDescriptor near, FileDescriptor far) = Sockets.CreatePair();
            _near.Enqueue(near);
            _far.Enqueue(far);
        }
    }

    /// <summary>The file as an address of both machines.</summary>
    public static FileAddress Address { get; } = new("/dev/fdset/0");

    /// <summary>Whether it is a file.</summary>
    public bool IsFile => _file is not null;

    /// <summary>The source's end of the next connection.</summary>
    public Channel Connect(CancellationToken token) => ChannelFactory.Connect(_nearEnd, this, token);

    /// <summary>The destination's end of the next connection.</summary>
    public Channel Accept(CancellationToken token) => ChannelFactory.Connect(_farEnd, this, token);

    /// <inheritdoc/>
    public FileDescriptor? TakeFd(string name) => (name == _nearEnd.Name ? _near : _far).TryDequeue(out FileDescriptor? socket) ? socket : null;

    /// <inheritdoc/>
    /// <remarks>All descriptors share one position, which nobody uses: a file channel says where it reads and writes.</remarks>
    public FileDescriptor? OpenFdSet(int setId, bool forWriting, bool direct = false) => _file?.File?.Duplicate();

    /// <inheritdoc/>
    public void Dispose()
    {
        _file?.Dispose();
        foreach (FileDescriptor socket in _near.Concat(_far))
            socket.Dispose();
    }
}
