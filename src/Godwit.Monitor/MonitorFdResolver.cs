using System.Globalization;
using Godwit.Native;
using Godwit.Qmp;
using Godwit.Wire;

namespace Godwit.Monitor;

/// <summary>Descriptors for <c>fd:NAME</c> and <c>/dev/fdset/N</c>: what a monitor was passed, or what the process inherited.</summary>
public sealed class MonitorFdResolver : IFdResolver
{
    private readonly QmpNamedFiles? _files;
    private readonly FdSets? _sets;

    /// <summary>Resolves names that a connection has given.</summary>
    /// <param name="files">The connection's names; null to take decimal numbers of inherited descriptors.</param>
    /// <param name="sets">The numbered sets.</param>
    public MonitorFdResolver(QmpNamedFiles? files, FdSets? sets)
    {
        _files = files;
        _sets = sets;
    }

    /// <inheritdoc/>
    public FileDescriptor? TakeFd(string name)
    {
        if (_files is not null)
            return _files.Take(name);
        return int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number > 2 ? new FileDescriptor(number) : null;
    }

    /// <inheritdoc/>
    public FileDescriptor? OpenFdSet(int setId, bool forWriting, bool direct = false) => _sets?.Open(setId, forWriting, direct);
}
