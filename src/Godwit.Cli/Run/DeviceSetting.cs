using System.Collections.Immutable;
using Godwit.Machine;

namespace Godwit.Cli;

/// <summary>A <c>-device</c>: one virtio device on a transport.</summary>
internal sealed record DeviceSetting
{
    /// <summary>QEMU's name of the device.</summary>
    public required string Driver { get; init; }

    /// <summary>The transport; null for the highest free one.</summary>
    public int? Slot { get; init; }

    /// <summary>Id of a disk's drive.</summary>
    public string? Drive { get; init; }

    /// <summary>Id of a network card's cable.</summary>
    public string? Net { get; init; }

    /// <summary>Address of a network card.</summary>
    public ImmutableArray<byte> Mac { get; init; } = [];

    /// <summary>Entries of a disk's ring, or of a network card's receive ring.</summary>
    public int QueueSize { get; init; } = 256;

    /// <summary>Serial number of a disk.</summary>
    public string Serial { get; init; } = "";

    /// <summary>The device's name in reports; null for none.</summary>
    public string? Id { get; init; }

    /// <summary>What happens when a disk's write fails on the host; null for what its drive says.</summary>
    public DiskErrorAction? WriteErrors { get; init; }

    /// <summary>What happens when a disk's read fails on the host; null for what its drive says.</summary>
    public DiskErrorAction? ReadErrors { get; init; }

    /// <summary>A balloon's settings; null for other devices.</summary>
    public VirtioBalloonOptions? Balloon { get; init; }

    /// <summary>Name of the object whose thread takes a balloon's hints; null for none.</summary>
    public string? IoThread { get; init; }

    /// <summary>The console's character device, in the spelling of <see cref="RunOptions.Serial"/> once all options are read.</summary>
    public string? Console { get; set; }
}
