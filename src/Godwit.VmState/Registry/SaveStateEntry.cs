namespace Godwit.VmState;

/// <summary>One registered owner of state: who it is on the wire, and how it is written and read.</summary>
public sealed class SaveStateEntry
{
    private readonly Func<PeerProfile, VmStateDescription>? _forSaving;
    private readonly IReadOnlyList<VmStateDescription> _forLoading;

    internal SaveStateEntry(string idString, uint instanceId, uint version, object? opaque, IReadOnlyList<VmStateDescription> forLoading)
    {
        IdString = idString;
        InstanceId = instanceId;
        Version = version;
        Opaque = opaque;
        _forLoading = forLoading;
        AliasId = instanceId;
    }

    internal SaveStateEntry(
        string idString,
        uint instanceId,
        object opaque,
        Func<PeerProfile, VmStateDescription> forSaving,
        IReadOnlyList<VmStateDescription> forLoading)
        : this(idString, instanceId, forSaving(PeerProfile.Default).Version, opaque, forLoading)
    {
        _forSaving = forSaving;
        Description = forSaving(PeerProfile.Default);
        Priority = Description.Priority;
    }

    /// <summary>Device path and description name, at most 255 bytes.</summary>
    public string IdString { get; }

    /// <summary>Tells entries with the same idstr apart.</summary>
    public uint InstanceId { get; }

    /// <summary>A second accepted instance id; equal to <see cref="InstanceId"/> when there is none.</summary>
    public uint AliasId { get; internal init; }

    /// <summary>The bare description name, for an entry with a device path.</summary>
    public string? CompatIdString { get; internal init; }

    /// <summary>Instance id that goes with <see cref="CompatIdString"/>.</summary>
    public uint CompatInstanceId { get; internal init; }

    /// <summary>The version written for the default profile.</summary>
    public uint Version { get; }

    /// <summary>The source's number for this entry; has no meaning beyond one stream.</summary>
    public uint SectionId { get; internal init; }

    /// <summary>Order among entries.</summary>
    public MigrationPriority Priority { get; internal init; } = MigrationPriority.Default;

    /// <summary>The description for the default profile; null for a hand-written entry.</summary>
    public VmStateDescription? Description { get; }

    /// <summary>The descriptions that can be read; the version in a section header chooses.</summary>
    public IReadOnlyList<VmStateDescription> LoadableDescriptions => _forLoading;

    /// <summary>The described object.</summary>
    public object? Opaque { get; }

    /// <summary>The callbacks of a hand-written entry.</summary>
    public ISaveVmHandlers? Handlers { get; internal init; }

    /// <summary>The highest version that a section header may say.</summary>
    public uint HighestLoadableVersion
    {
        get
        {
            uint highest = _forLoading.Count == 0 ? Version : 0;
            foreach (VmStateDescription description in _forLoading)
                highest = Math.Max(highest, description.Version);
            return highest;
        }
    }

    /// <summary>The description to write for a peer; null for a hand-written entry.</summary>
    public VmStateDescription? GetDescription(PeerProfile profile) => _forSaving?.Invoke(profile);

    /// <summary>The version to write for a peer.</summary>
    public uint GetVersion(PeerProfile profile) => GetDescription(profile)?.Version ?? Version;

    /// <summary>The description that reads a version: the lowest one that is high enough.</summary>
    public VmStateDescription? GetDescriptionForLoading(uint version)
    {
        VmStateDescription? best = null;
        foreach (VmStateDescription description in _forLoading)
        {
            if (description.Version >= version && (best is null || description.Version < best.Version))
                best = description;
        }

        return best;
    }

    /// <summary>Whether the entry writes anything: its description's predicate, or its handlers' activity.</summary>
    public bool IsNeeded(PeerProfile profile) =>
        GetDescription(profile) is VmStateDescription description ? description.IsNeededBy(Opaque!) : Handlers is { IsActive: true };

    /// <summary>Whether the FULL section goes before the START sections.</summary>
    public bool IsEarlySetup(PeerProfile profile) => GetDescription(profile) is { EarlySetup: true };

    /// <summary>Whether the source still has to wait for the guest to give the device up.</summary>
    public bool IsUnplugPending => Description is not null && Description.IsUnplugPendingOf(Opaque!);

    /// <inheritdoc/>
    public override string ToString() => $"{IdString} {InstanceId}";
}
