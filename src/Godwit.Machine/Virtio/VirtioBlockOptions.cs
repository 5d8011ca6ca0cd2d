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

    /// <summary>Entries of the ring, a power of two from 4 to 1024; default 256.</summary>
    public int QueueSize { get; init; } = 256;

    /// <summary>Name of the drive in reports; default empty.</summary>
    public string DriveId { get; init; } = string.Empty;

    /// <summary>What happens when a write fails on the host; default <see cref="DiskErrorAction.StopOnNoSpace"/>.</summary>
    public DiskErrorAction WriteErrors { get; init; } = DiskErrorAction.StopOnNoSpace;

    /// <summary>What happens when a read fails on the host; default <see cref="DiskErrorAction.Report"/>.</summary>
    public DiskErrorAction ReadErrors { get; init; } = DiskErrorAction.Report;

    /// <inheritdoc/>
    public override VirtioDeviceOptions Detached() => this with { Image = new BlankDiskImage() };

    internal override VirtioDevice Create(BigLock bigLock, VirtualClock clock, GuestDma dma) => new VirtioBlock(bigLock, dma, this, Image);
}
