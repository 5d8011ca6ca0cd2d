using Godwit.Accel;
using Godwit.Memory;

namespace Godwit.Machine;

/// <summary>An entropy device.</summary>
public sealed record VirtioRngOptions : VirtioDeviceOptions
{
    /// <inheritdoc/>
    public override VirtioDeviceOptions Detached() => this;

    internal override VirtioDevice Create(BigLock bigLock, VirtualClock clock, GuestDma dma) => new VirtioRng(dma);
}
