using System.Buffers.Binary;
using System.Collections.Immutable;
using Godwit.VmState;
using Godwit.Wire;

namespace Godwit.Migration;

/// <summary>Writes the elements of a migration stream: header, sections with footers, commands, description.</summary>
/// <remarks>
/// It knows framing and entry order, not when to send what. For one thread; what needs the big lock is said at each member.
/// The reader's half is <see cref="LoadVmReader"/>. <c>docs/formats/stream.md</c>, <c>docs/formats/commands.md</c>
/// </remarks>
public sealed class SaveVmWriter
{
    private readonly VmDescriptionWriter _json;
    private readonly ImmutableArray<SaveStateEntry> _entries;

    /// <summary>Prepares a stream of all entries registered now.</summary>
    /// <param name="writer">Where the stream goes.</param>
    /// <param name="registry">Who has state.</param>
    /// <param name="profile">Which release the destination is.</param>
    public SaveVmWriter(MigrationWriter writer, VmStateRegistry registry, PeerProfile profile)
    {
        ArgumentNullException.ThrowIfNull(writer);
        ArgumentNullException.ThrowIfNull(registry);
        ArgumentNullException.ThrowIfNull(profile);
        Writer = writer;
        Profile = profile;
        _entries = registry.GetEntries(profile);
        _json = new VmDescriptionWriter(profile, MigrationStatistics.PageSizeBytes);
    }

    /// <summary>Where the stream goes.</summary>
    public MigrationWriter Writer { get; }

    /// <summary>Which release the destination is.</summary>
    public PeerProfile Profile { get; }

    /// <summary>The entries in the order in which they are saved.</summary>
    public ImmutableArray<SaveStateEntry> Entries => _entries;

    /// <summary>Writes the file header and the configuration.</summary>
    public void WriteHeader(ConfigurationState configuration)
    {
        Writer.WriteUInt32(StreamConstants.Magic);
        Writer.WriteUInt32(StreamConstants.Version);
        Writer.WriteByte((byte)SectionType.Configuration);
        _json.BeginConfiguration();
        VmStateCodec.Save(
            ConfigurationState.Description, configuration, Writer, Profile.DescriptionHasConfiguration ? _json : null, Profile);
        _json.EndConfiguration();
    }

    /// <summary>Writes a command and flushes, so that the peer sees it at once.</summary>
    public void WriteCommand(MigrationCommand command, ReadOnlySpan<byte> payload = default)
    {
        Writer.WriteByte((byte)SectionType.Command);
        Writer.WriteUInt16((ushort)command);
        Writer.WriteUInt16(checked((ushort)payload.Length));
        Writer.Write(payload);
        Writer.Flush();
    }

    /// <summary>Writes a PING.</summary>
    public void WritePing(uint value)
    {
        Span<byte> payload = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32BigEndian(payload, value);
        WriteCommand(MigrationCommand.Ping, payload);
    }

    /// <summary>
    /// Writes what goes before the first page: the START section of every active iterative entry and the FULL section of every entry with
    /// early setup; the big lock is held.
    /// </summary>
    /// <remarks>Some releases walk the list once for both, others write the early sections first: <see cref="PeerProfile.SavesEarlySetupInListOrder"/>.</remarks>
    public void WriteSetupSections()
    {
        if (!Profile.SavesEarlySetupInListOrder)
        {
            foreach (var entry in _entries)
                WriteEarlySection(entry);
        }

        foreach (var entry in _entries)
        {
            if (Profile.SavesEarlySetupInListOrder)
                WriteEarlySection(entry);
            WriteStartSection(entry);
        }
    }

    /// <summary>Writes one PART section; without the big lock. True when the entry has nothing left to send.</summary>
    public bool WritePart(SaveStateEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        WriteShortHeader(SectionType.Part, entry);
        var done = entry.Handlers!.SaveLiveIterate(Writer);
        WriteFooter(entry, Writer);
        return done;
    }

    /// <summary>Writes the END sections; the guest is stopped.</summary>
    public void WriteEndSections()
    {
        foreach (var entry in _entries)
        {
            if (entry.Handlers is not { HasSetup: true, HasComplete: true, IsActive: true } handlers)
                continue;
            WriteShortHeader(SectionType.End, entry);
            handlers.SaveComplete(Writer);
            WriteFooter(entry, Writer);
        }
    }

    /// <summary>Writes the FULL sections of all devices to <paramref name="target"/>; the guest is stopped and the big lock is held.</summary>
    /// <remarks>The target may be a buffer, so that the lock is not held while a slow peer takes the bytes.</remarks>
    public void WriteFullSections(MigrationWriter target)
    {
        ArgumentNullException.ThrowIfNull(target);
        WriteFullSections(target, _json);
    }

    /// <summary>Does the work of <see cref="WriteFullSections(MigrationWriter)"/> for nothing, before the guest is stopped; the big lock is held.</summary>
    /// <remarks>
    /// What it writes is of no use, since the CPUs run; the description of this stream does not hear of it. It makes the second time quick: the code
    /// has been compiled then, and code and devices are in the caches.
    /// </remarks>
    /// <param name="target">A writer whose bytes are thrown away.</param>
    public void RehearseFullSections(MigrationWriter target)
    {
        ArgumentNullException.ThrowIfNull(target);
        WriteFullSections(target, new VmDescriptionWriter(Profile, MigrationStatistics.PageSizeBytes));
    }

    /// <summary>Writes the byte that ends the sections: with it the destination has everything.</summary>
    public void WriteEof() => Writer.WriteByte((byte)SectionType.Eof);

    /// <summary>Writes the description of all FULL sections written so far.</summary>
    public void WriteDescription()
    {
        var json = _json.Complete();
        Writer.WriteByte((byte)SectionType.VmDescription);
        Writer.WriteUInt32((uint)json.Length);
        Writer.Write(json.Span);
    }

    private void WriteFullSections(MigrationWriter target, VmDescriptionWriter json)
    {
        foreach (var entry in _entries)
        {
            if (entry.IsEarlySetup(Profile) || entry.Handlers is { HasSaveState: false } || !entry.IsNeeded(Profile))
                continue;
            WriteFullSection(entry, target, json);
        }
    }

    private void WriteEarlySection(SaveStateEntry entry)
    {
        if (entry.IsEarlySetup(Profile) && entry.IsNeeded(Profile))
            WriteFullSection(entry, Writer, _json);
    }

    private void WriteStartSection(SaveStateEntry entry)
    {
        if (entry.Handlers is not { HasSetup: true, IsActive: true } handlers)
            return;
        WriteLongHeader(SectionType.Start, entry, Writer);
        handlers.SaveSetup(Writer);
        WriteFooter(entry, Writer);
    }

    private void WriteFullSection(SaveStateEntry entry, MigrationWriter target, VmDescriptionWriter json)
    {
        WriteLongHeader(SectionType.Full, entry, target);
        VmStateCodec.Save(entry, target, json, Profile);
        WriteFooter(entry, target);
    }

    private void WriteLongHeader(SectionType type, SaveStateEntry entry, MigrationWriter target)
    {
        target.WriteByte((byte)type);
        target.WriteUInt32(entry.SectionId);
        target.WriteCountedString(entry.IdString);
        target.WriteUInt32(entry.InstanceId);
        target.WriteUInt32(entry.GetVersion(Profile));
    }

    private void WriteShortHeader(SectionType type, SaveStateEntry entry)
    {
        Writer.WriteByte((byte)type);
        Writer.WriteUInt32(entry.SectionId);
    }

    private static void WriteFooter(SaveStateEntry entry, MigrationWriter target)
    {
        target.WriteByte((byte)SectionType.Footer);
        target.WriteUInt32(entry.SectionId);
    }
}
