using Godwit.Machine;
using Godwit.Qmp;
using Godwit.Vmm;

namespace Godwit.Cli;

/// <summary>What <c>godwit run</c> was asked for, checked option by option but not yet composed.</summary>
internal sealed record RunOptions
{
    /// <summary>Guest RAM when nothing is said.</summary>
    public const ulong DefaultRamBytes = 128UL << 20;

    public ulong RamBytes { get; set; } = DefaultRamBytes;

    /// <summary>What the RAM is made of, or null for what is usual.</summary>
    public MemoryBackend? MemoryBackend { get; set; }

    public int HartCount { get; set; } = 1;

    public string? Name { get; set; }

    public Guid? Uuid { get; set; }

    /// <summary><c>null</c>, <c>stdio</c>, <c>file:PATH</c> or <c>unix:PATH</c>; null only while options are read.</summary>
    public string? Serial { get; set; }

    /// <summary>Character devices by id, in the spelling of <see cref="Serial"/>.</summary>
    public Dictionary<string, string> CharacterDevices { get; } = new(StringComparer.Ordinal);

    /// <summary>Drives by id.</summary>
    public Dictionary<string, DriveSetting> Drives { get; } = new(StringComparer.Ordinal);

    /// <summary>Directories of snapshots, by the name that commands use.</summary>
    public List<KeyValuePair<string, string>> SnapshotStores { get; } = [];

    /// <summary>The snapshot to begin with, or null.</summary>
    public string? LoadSnapshot { get; set; }

    /// <summary>Network backends by id.</summary>
    public Dictionary<string, NetSetting> NetDevices { get; } = new(StringComparer.Ordinal);

    /// <summary>Names of threads for devices; hints of a balloon are taken under the big lock whatever the thread.</summary>
    public HashSet<string> IoThreads { get; } = new(StringComparer.Ordinal);

    /// <summary>Virtio devices, in order.</summary>
    public List<DeviceSetting> Devices { get; } = [];

    /// <summary>Whether the virtio transports have the register set of version 1.0 and later.</summary>
    public bool HasModernVirtio { get; set; }

    public List<QmpEndpoint> QmpMonitors { get; } = [];

    /// <summary>Where human monitors are: <c>stdio</c> or a socket.</summary>
    public List<QmpEndpoint> HumanMonitors { get; } = [];

    /// <summary><c>-mon</c> options, resolved once all character devices are known.</summary>
    public List<(string ChardevId, bool IsControl, bool IsPretty)> MonitorDevices { get; } = [];

    /// <summary>An address, <c>defer</c>, or null when no stream is expected.</summary>
    public string? Incoming { get; set; }

    public bool StartStopped { get; set; }

    public bool NoDefaults { get; set; }

    public bool NoGraphic { get; set; }

    public bool NoReboot { get; set; }

    public bool PreallocateMemory { get; set; }

    public string? PidFile { get; set; }

    /// <summary>Firmware: <c>default</c>, <c>none</c> or a file; null when not given.</summary>
    public string? Bios { get; set; }

    public string? Kernel { get; set; }

    public string? Initrd { get; set; }

    public string? KernelCommandLine { get; set; }

    public string? DeviceTree { get; set; }

    /// <summary>Where the device tree is written instead of running the machine; null to run it.</summary>
    public string? DumpDeviceTree { get; set; }

    /// <summary><c>-device loader</c>, in order.</summary>
    public List<LoaderOptions> Loaders { get; } = [];

    /// <summary>The built-in guest, or null.</summary>
    public StaircaseSettings? Staircase { get; set; }

    /// <summary><c>-global migration.NAME=VALUE</c>, in order.</summary>
    public List<KeyValuePair<string, string>> MigrationGlobals { get; } = [];
}
