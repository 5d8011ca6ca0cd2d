using System.Collections.Immutable;
using Godwit.Accel;
using Godwit.Memory;

namespace Godwit.Machine;

/// <summary>A network card.</summary>
public sealed record VirtioNetOptions : VirtioDeviceOptions
{
    /// <summary>The cable; the machine does not dispose of it.</summary>
    public required INetBackend Backend { get; init; }

    /// <summary>Six bytes; default 52:54:00:12:34:56.</summary>
    public ImmutableArray<byte> Mac { get; init; } = [0x52, 0x54, 0x00, 0x12, 0x34, 0x56];

    /// <summary>Entries of the receive ring, a power of two from 256 to 1024; default 256.</summary>
    public int ReceiveQueueSize { get; init; } = 256;

    /// <inheritdoc/>
    public override VirtioDeviceOptions Detached() => this with { Backend = new NullNetBackend() };

    internal override VirtioDevice Create(BigLock bigLock, VirtualClock clock, GuestDma dma) =>
        Mac.Length == 6
            ? new VirtioNet(bigLock, clock, dma, this)
            : throw new InvalidOperationException("A MAC address has six bytes.");
}
