using Godwit.Migration;
using Godwit.Native;
using Godwit.Wire;

namespace Godwit.Vmm;

/// <summary>A file in memory: written by the source from beginning to end, and then read by the destination.</summary>
internal sealed class RehearsalFile : RehearsalLink, IFdResolver
{
    /// <summary>Room for the RAM of a machine behind the headers; only what is written takes memory.</summary>
    private const long FileBytes = 64 << 20;

    private static readonly FileAddress _address = new("/dev/fdset/0");

    private readonly HostMapping _file = HostMapping.AllocateShared("rehearsal", FileBytes);

    /// <inheritdoc/>
    public override void Prepare(IncomingMigration target)
    {
        // There is nothing to read yet.
    }

    /// <inheritdoc/>
    public override void Start(OutgoingMigration source) => source.Start(_address, this);

    /// <inheritdoc/>
    public override void Finish(IncomingMigration target) => target.Listen(_address, exitOnError: false, this);

    /// <inheritdoc/>
    public FileDescriptor? TakeFd(string name) => null;

    /// <inheritdoc/>
    /// <remarks>All descriptors share one position, which nobody uses: a file channel says where it reads and writes.</remarks>
    public FileDescriptor? OpenFdSet(int setId, bool forWriting, bool direct = false) => _file.File?.Duplicate();

    /// <inheritdoc/>
    public override void Dispose() => _file.Dispose();
}
