using Microsoft.Win32.SafeHandles;

namespace Godwit.Qmp;

/// <summary>Where descriptors that were passed over a monitor's socket wait to be claimed.</summary>
public interface IQmpDescriptorSource
{
    /// <summary>Takes the oldest unclaimed descriptor; the caller owns it. Null when there is none.</summary>
    SafeFileHandle? TakeDescriptor();
}
