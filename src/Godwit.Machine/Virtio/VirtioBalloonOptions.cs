using Godwit.Accel;
using Godwit.Memory;

namespace Godwit.Machine;

/// <summary>A memory balloon.</summary>
public sealed record VirtioBalloonOptions : VirtioDeviceOptions
{
    /// <summary>Whether the guest may take pages back when it runs out of memory; default false.</summary>
    public bool DeflatesOnOutOfMemory { get; init; }

    /// <summary>Whether the guest is asked for free pages when its memory is copied; default false.</summary>
    public bool HasFreePageHints { get; init; }

    /// <summary>Whether the guest may say what it fills free pages with; default true.</summary>
    public bool HasPagePoison { get; init; } = true;

    /// <summary>Whether the guest reports free pages all the time, to be given back to the host; default false.</summary>
    public bool HasFreePageReporting { get; init; }

    /// <inheritdoc/>
    public override VirtioDeviceOptions Detached() => this;

    internal override VirtioDevice Create(BigLock bigLock, VirtualClock clock, GuestDma dma) => new VirtioBalloon(bigLock, clock, dma, this);
}
