using Godwit.Accel;
using Godwit.Memory;

namespace Godwit.Machine;

/// <summary>An entropy device.</summary>
public sealed record VirtioRngOptions : VirtioDeviceOptions
{
    internal override VirtioDevice Create(BigLock bigLock, VirtualClock clock, GuestDma dma) => new VirtioRng(dma);
}
