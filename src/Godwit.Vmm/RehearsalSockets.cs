using System.Collections.Concurrent;
using Godwit.Migration;
using Godwit.Native;
using Godwit.Wire;

namespace Godwit.Vmm;

/// <summary>Pairs of connected sockets, one for each connection of a migration.</summary>
internal sealed class RehearsalSockets : RehearsalLink, IFdResolver
{
    private static readonly FdAddress _nearEnd = new("near");

    private static readonly FdAddress _farEnd = new("far");

    private readonly ConcurrentQueue<FileDescriptor> _near = new();
    private readonly ConcurrentQueue<FileDescriptor> _far = new();

    /// <summary>Makes so many pairs.</summary>
    public RehearsalSockets(int pairs)
    {
        for (int i = 0; i < pairs; i++)
        {
            (FileDescriptor near, FileDescriptor far) = Sockets.CreatePair();
            _near.Enqueue(near);
            _far.Enqueue(far);
        }
    }

    /// <inheritdoc/>
    public override void Prepare(IncomingMigration target) =>
        target.Listen(token => ChannelFactory.Connect(_farEnd, this, token), exitOnError: false);

    /// <inheritdoc/>
    public override void Start(OutgoingMigration source) => source.Start("rehearsal", Connect, Connect);

    /// <inheritdoc/>
    public override void Finish(IncomingMigration target)
    {
        // It has read all along.
    }

    /// <inheritdoc/>
    public FileDescriptor? TakeFd(string name) => (name == _nearEnd.Name ? _near : _far).TryDequeue(out FileDescriptor? socket) ? socket : null;

    /// <inheritdoc/>
    public override void Dispose()
    {
        foreach (FileDescriptor socket in _near.Concat(_far))
            socket.Dispose();
    }

    private Channel Connect(CancellationToken token) => ChannelFactory.Connect(_nearEnd, this, token);
}
