using Godwit.Accel;
using Godwit.Memory;

namespace Godwit.Machine;

/// <summary>A virtio device on the command line.</summary>
public abstract record VirtioDeviceOptions
{
    /// <summary>The transport, 0 to 7; null (the default) takes the highest one that is free.</summary>
    public int? Slot { get; init; }

    /// <summary>The device's name in reports; default null, no name.</summary>
    public string? Id { get; init; }

    /// <summary>The same device with nothing of the host behind it; null when there is no such device.</summary>
    public virtual VirtioDeviceOptions? Detached() => null;

    internal abstract VirtioDevice Create(BigLock bigLock, VirtualClock clock, GuestDma dma);
}
