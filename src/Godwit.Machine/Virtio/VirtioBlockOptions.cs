using Godwit.Accel;
using Godwit.Memory;

namespace Godwit.Machine;

/// <summary>A disk.</summary>
public sealed record VirtioBlockOptions : VirtioDeviceOptions
{
    /// <summary>The bytes; the device disposes of them.</summary>
    public required IDiskImage Image { get; init; }

    /// <summary>What the guest reads as the disk's id, at most 20 characters; default empty.</summary>
    public string Serial { get; init; } = string.Empty;

    /// <summary>On an error of the host: true stops the machine and keeps the request, false (the default) tells the guest.</summary>
    public bool StopOnError { get; init; }

    internal override VirtioDevice Create(BigLock bigLock, VirtualClock clock, GuestDma dma) => new VirtioBlock(bigLock, dma, this, Image);
}
