namespace Godwit.VmState;

/// <summary>The state of one device type as a table in wire order; the typed half is <see cref="VmStateDescription{T}"/>.</summary>
/// <remarks>The same table writes, reads, validates and describes itself (docs/formats/vmstate.md).</remarks>
public abstract class VmStateDescription
{
    /// <summary>Makes the untyped half.</summary>
    private protected VmStateDescription(string name, uint version, uint minimumVersion)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(name.Length, StreamConstants.MaxCountedStringBytes, nameof(name));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(minimumVersion, version);
        Name = name;
        Version = version;
        MinimumVersion = minimumVersion;
    }

    /// <summary>Last part of the section's idstr; for a subsection its wire name.</summary>
    public string Name { get; }

    /// <summary>The version written, and the highest one accepted.</summary>
    public uint Version { get; }

    /// <summary>The lowest version accepted.</summary>
    public uint MinimumVersion { get; }

    /// <summary>Order among registered entries.</summary>
    public MigrationPriority Priority { get; init; } = MigrationPriority.Default;

    /// <summary>The FULL section is sent before the START sections, not with the devices.</summary>
    public bool EarlySetup { get; init; }

    /// <summary>A registered entry with this description blocks migration on either side.</summary>
    public bool Unmigratable { get; init; }

    /// <summary>The fields, in wire order.</summary>
    public abstract IReadOnlyList<VmStateField> AllFields { get; }

    /// <summary>The subsections, in the order in which they are written.</summary>
    public abstract IReadOnlyList<VmStateDescription> AllSubsections { get; }

    /// <summary>The type of the objects that it describes.</summary>
    public abstract Type OwnerType { get; }

    /// <summary>Whether a run of such structs gets one entry in the JSON.</summary>
    internal bool IsCompressible(PeerProfile profile, int depth = 0)
    {
        if (depth > SaveContext.MaxDepth || AllSubsections.Count != 0)
            return false;
        foreach (VmStateField field in AllFields)
        {
            if (!field.IsCompressible(profile, depth + 1))
                return false;
        }

        return true;
    }

    internal abstract bool IsNeededBy(object owner);

    internal abstract bool IsUnplugPendingOf(object owner);

    internal abstract void Save(object owner, in SaveContext context, uint version);

    internal abstract void Load(object owner, in LoadContext context, uint version);
}
