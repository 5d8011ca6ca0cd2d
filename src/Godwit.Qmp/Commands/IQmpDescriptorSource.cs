using Godwit.Native;

namespace Godwit.Qmp;

/// <summary>Where descriptors that were passed over a monitor's socket wait to be claimed.</summary>
public interface IQmpDescriptorSource
{
    /// <summary>Takes the oldest unclaimed descriptor; the caller owns it. Null when there is none.</summary>
    FileDescriptor? TakeDescriptor();
}
