using Godwit.Native;

namespace Godwit.Wire.Tests;

/// <summary>Descriptors by name, as a monitor keeps them.</summary>
internal sealed class FdStore : Dictionary<string, FileDescriptor>, IFdResolver
{
    public FileDescriptor? TakeFd(string name) => Remove(name, out var descriptor) ? descriptor : null;

    public FileDescriptor? OpenFdSet(int setId, bool forWriting, bool direct = false) => TryGetValue($"set{setId}", out var descriptor) ? descriptor.Duplicate() : null;
}
