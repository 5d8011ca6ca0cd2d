using System.Collections.Immutable;
using Godwit.Memory;
using Godwit.VmState;

namespace Godwit.Machine;

/// <summary>What a <see cref="VirtMachine"/> is made of.</summary>
public sealed record VirtMachineOptions
{
    /// <summary>Bytes of RAM, a multiple of 4096; default 128 MiB.</summary>
    public ulong RamBytes { get; init; } = 128 << 20;

    /// <summary>Name of the RAM block; QEMU gives it the name of the memory backend, if there is one.</summary>
    public string RamName { get; init; } = "riscv_virt_board.ram";

    /// <summary>What the RAM is made of; default private memory of the process.</summary>
    public RamBlockOptions RamBlock { get; init; } = new();

    /// <summary>Number of harts, 1 to 8; default 1.</summary>
    public int HartCount { get; init; } = 1;

    /// <summary>The machine's identity, which guests can read; default zeros.</summary>
    public Guid Uuid { get; init; }

    /// <summary>The release whose device tree is imitated; default <see cref="PeerProfile.Default"/>.</summary>
    public PeerProfile Profile { get; init; } = PeerProfile.Default;

    /// <summary>The console of the serial port; null (the default) drops its output. The machine does not dispose of it.</summary>
    public ICharBackend? Serial { get; init; }

    /// <summary>Wall time; default the system's.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Kernel command line, for the device tree.</summary>
    public string? CommandLine { get; init; }

    /// <summary>32 bytes of randomness for the device tree; default null draws new ones at each reset.</summary>
    public ImmutableArray<byte>? RandomSeed { get; init; }

    /// <summary>The virtio devices, in the order of the command line.</summary>
    public IReadOnlyList<VirtioDeviceOptions> VirtioDevices { get; init; } = [];

    /// <summary>Whether the transports have the legacy register set; default true.</summary>
    public bool IsVirtioLegacy { get; init; } = true;
}
