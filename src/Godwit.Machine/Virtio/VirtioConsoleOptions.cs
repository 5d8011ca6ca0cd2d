using Godwit.Accel;
using Godwit.Memory;

namespace Godwit.Machine;

/// <summary>A serial device with one console.</summary>
public sealed record VirtioConsoleOptions : VirtioDeviceOptions
{
    /// <summary>The host's side; the machine does not dispose of it.</summary>
    public required ICharBackend Backend { get; init; }

    /// <inheritdoc/>
    public override VirtioDeviceOptions Detached() => this with { Backend = new NullCharBackend() };

    internal override VirtioDevice Create(BigLock bigLock, VirtualClock clock, GuestDma dma) => new VirtioConsole(bigLock, dma, Backend);
}
