using Godwit.Wire;

namespace Godwit.VmState;

/// <summary>Writes and reads the bodies of device sections; headers and footers are the caller's.</summary>
public static class VmStateCodec
{
    /// <summary>Writes the body of a FULL section, and its device object into the description if there is one.</summary>
    /// <exception cref="VmStateException">A save hook refuses, or a count is above its maximum.</exception>
    public static void Save(SaveStateEntry entry, MigrationWriter writer, VmDescriptionWriter? json, PeerProfile profile)
    {
        ArgumentNullException.ThrowIfNull(entry);
        ArgumentNullException.ThrowIfNull(writer);
        VmStateDescription? description = entry.GetDescription(profile);
        if (description is null)
        {
            long start = writer.Position;
            (entry.Handlers ?? throw new VmStateException($"'{entry.IdString}' has neither description nor handlers")).SaveState(writer);
            json?.WriteOpaqueDevice(entry.IdString, entry.InstanceId, writer.Position - start);
            return;
        }

        json?.BeginDevice(entry.IdString, entry.InstanceId);
        description.Save(entry.Opaque!, new SaveContext(writer, json, profile, Depth: 0), description.Version);
        json?.EndDevice();
    }

    /// <summary>Reads the body of a FULL section with the version of its header.</summary>
    /// <exception cref="StreamFormatException">The bytes do not fit the description, or a hook refuses them.</exception>
    public static void Load(SaveStateEntry entry, MigrationReader reader, uint version) => Load(entry, reader, version, PeerProfile.Default);

    /// <summary>Reads the body of a FULL section with the version of its header; error texts as of <paramref name="profile"/>.</summary>
    /// <exception cref="StreamFormatException">The bytes do not fit the description, or a hook refuses them.</exception>
    public static void Load(SaveStateEntry entry, MigrationReader reader, uint version, PeerProfile profile)
    {
        ArgumentNullException.ThrowIfNull(entry);
        ArgumentNullException.ThrowIfNull(reader);
        CheckVersion(entry, reader, version, profile);
        if (entry.GetDescriptionForLoading(version) is VmStateDescription description)
            description.Load(entry.Opaque!, new LoadContext(reader, profile, Depth: 0), version);
        else
            LoadByHandlers(entry, reader, version, SectionType.Full);
    }

    /// <summary>Reads the body of a START, PART, END or FULL section of a hand-written entry.</summary>
    /// <exception cref="StreamFormatException">The bytes are not what the entry expects.</exception>
    public static void LoadByHandlers(SaveStateEntry entry, MigrationReader reader, uint version, SectionType type)
    {
        ArgumentNullException.ThrowIfNull(entry);
        ArgumentNullException.ThrowIfNull(reader);
        try
        {
            (entry.Handlers ?? throw new VmStateException($"'{entry.IdString}' is not an iterative entry")).LoadState(reader, version, type);
        }
        catch (VmStateException refusal)
        {
            throw reader.Error(refusal.Message, refusal.Expected, refusal.Found);
        }
    }

    /// <summary>Checks the version of a START or FULL header against the local one.</summary>
    /// <exception cref="StreamFormatException">The version is higher than the local one.</exception>
    public static void CheckVersion(SaveStateEntry entry, MigrationReader reader, uint version, PeerProfile profile)
    {
        ArgumentNullException.ThrowIfNull(entry);
        ArgumentNullException.ThrowIfNull(reader);
        uint highest = entry.HighestLoadableVersion;
        if (version > highest)
            throw VmStateErrors.UnsupportedSectionVersion(reader, profile, entry.IdString, version, highest);
    }

    /// <summary>Writes one object by its description, without any header; describes the body's keys into the open object.</summary>
    public static void Save<T>(VmStateDescription<T> description, T owner, MigrationWriter writer, VmDescriptionWriter? json, PeerProfile profile)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(description);
        ArgumentNullException.ThrowIfNull(owner);
        description.Save(owner, new SaveContext(writer, json, profile, Depth: 0), description.Version);
    }

    /// <summary>Reads one object by its description, without any header.</summary>
    /// <exception cref="StreamFormatException">The bytes do not fit the description, or a hook refuses them.</exception>
    public static void Load<T>(VmStateDescription<T> description, T owner, MigrationReader reader, uint version, PeerProfile profile)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(description);
        ArgumentNullException.ThrowIfNull(owner);
        description.Load(owner, new LoadContext(reader, profile, Depth: 0), version);
    }
}
