using Godwit.Machine;
using Godwit.VmState;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Godwit.Vmm;

/// <summary>What a <see cref="VirtualMachine"/> is made of; each default is what <c>godwit run</c> has without options.</summary>
public sealed record VmOptions
{
    /// <summary>Bytes of guest RAM, whole pages; default 128 MiB.</summary>
    public ulong RamBytes { get; init; } = 128UL << 20;

    /// <summary>What the RAM is made of; default private memory of the process.</summary>
    public MemoryBackend? MemoryBackend { get; init; }

    /// <summary>Number of harts, 1 to 8; default 1.</summary>
    public int HartCount { get; init; } = 1;

    /// <summary>Name for people; default none.</summary>
    public string? Name { get; init; }

    /// <summary>Identity that a migration can compare; default none.</summary>
    public Guid? Uuid { get; init; }

    /// <summary>Waits for an incoming migration instead of starting the guest. Default false.</summary>
    public bool IsIncoming { get; init; }

    /// <summary>Does not start the guest by itself (<c>-S</c>). Default false.</summary>
    public bool StartsStopped { get; init; }

    /// <summary>Ends the machine instead of resetting it when the guest asks for a reset. Default false.</summary>
    public bool EndsOnReset { get; init; }

    /// <summary>Touches all guest RAM at the start. Default false.</summary>
    public bool PreallocatesMemory { get; init; }

    /// <summary>Runs the built-in guest; its RAM size is replaced by the machine's. Default none.</summary>
    public StaircaseOptions? Staircase { get; init; }

    /// <summary>Starts firmware and kernel instead of the built-in guest. Default none.</summary>
    public BootOptions? Boot { get; init; }

    /// <summary>Kernel command line. Default none.</summary>
    public string? CommandLine { get; init; }

    /// <summary>Virtio devices, in the order of the command line. Default none.</summary>
    public IReadOnlyList<VirtioDeviceOptions> VirtioDevices { get; init; } = [];

    /// <summary>Where <c>savevm</c> and <c>snapshot-save</c> can save the machine. Default nowhere.</summary>
    public IReadOnlyList<SnapshotStore> SnapshotStores { get; init; } = [];

    /// <summary>Gives the virtio transports the register set of version 1.0 and later instead of the legacy one. Default false.</summary>
    public bool HasModernVirtio { get; init; }

    /// <summary>Console of the serial port; the machine disposes of it. Default none: output is dropped.</summary>
    public ICharBackend? Serial { get; init; }

    /// <summary>The release that the machine presents itself as and speaks. Default <see cref="PeerProfile.Default"/>.</summary>
    public PeerProfile Profile { get; init; } = PeerProfile.Default;

    /// <summary><c>migration.NAME=VALUE</c> pairs in order. Default none.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> MigrationGlobals { get; init; } = [];

    /// <summary>Where log lines go. Default nowhere.</summary>
    public ILogger Logger { get; init; } = NullLogger.Instance;
}
