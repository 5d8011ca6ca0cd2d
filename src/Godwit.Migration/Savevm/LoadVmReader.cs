using Godwit.VmState;
using Godwit.Wire;

namespace Godwit.Migration;

/// <summary>Loads a migration stream: checks its head, gives each section to its owner, answers commands, drains the description.</summary>
/// <remarks>
/// For one thread. It never believes a length or a count before checking it, and every refusal is a
/// <see cref="StreamFormatException"/> with offset, section, expected and found. Starting the guest is the caller's business.
/// The writer's half is <see cref="SaveVmWriter"/>. <c>docs/formats/stream.md</c>, <c>docs/formats/commands.md</c>
/// </remarks>
public sealed partial class LoadVmReader
{
    private readonly MigrationReader _reader;
    private readonly LoadVmOptions _options;
    private readonly LoadVmErrors _errors;
    private readonly PeerRecognition _peer = new();

    /// <summary>Prepares a load.</summary>
    /// <param name="reader">The stream, at its first byte.</param>
    /// <param name="options">What to compare with.</param>
    public LoadVmReader(MigrationReader reader, LoadVmOptions options)
    {
        ArgumentNullException.ThrowIfNull(reader);
        ArgumentNullException.ThrowIfNull(options);
        _reader = reader;
        _options = options;
        _errors = new LoadVmErrors(reader, options.Profile);
    }

    /// <summary>The return path once the source has opened it; null before, and for ever when it does not.</summary>
    public ReturnPathWriter? ReturnPath { get; private set; }

    /// <summary>True once the source said that its guest is stopped.</summary>
    public bool SwitchoverStarted { get; private set; }

    /// <summary>How far the source has prepared postcopy.</summary>
    public PostcopyIncomingState PostcopyState { get; private set; }

    /// <summary>The release that writes sections of the versions that were read; the options' profile while nothing tells.</summary>
    public PeerProfile SourceProfile => _peer.Recognise(_options.Profile);

    /// <summary>True once the byte that ends the sections was read: nothing is missing any more.</summary>
    public bool ReachedEof { get; private set; }

    /// <summary>Loads the whole stream up to the end of its description.</summary>
    /// <exception cref="StreamFormatException">The stream is refused.</exception>
    /// <exception cref="ChannelException">The channel failed.</exception>
    public void Load()
    {
        ReadHeader();
        foreach (var entry in _options.Registry.GetEntries(_options.Profile))
        {
            if (entry.Handlers is { HasSetup: true } handlers)
                handlers.LoadSetup();
        }

        ReadSections();
        ReachedEof = true;
        DrainDescription();
    }

    private void ReadHeader()
    {
        var magic = _reader.ReadUInt32();
        if (magic != StreamConstants.Magic)
            throw _errors.Magic(magic, 0);
        var version = _reader.ReadUInt32();
        if (version == StreamConstants.ObsoleteVersion)
            throw _errors.ObsoleteVersion(sizeof(uint));
        if (version != StreamConstants.Version)
            throw _errors.Version(version, sizeof(uint));

        var at = _reader.Position;
        var type = _reader.ReadByte();
        if (type != (byte)SectionType.Configuration)
            throw _errors.ConfigurationMissing(type, at);

        _reader.Section = ConfigurationState.Description.Name;
        var received = new ConfigurationState();
        at = _reader.Position;
        VmStateCodec.Load(ConfigurationState.Description, received, _reader, ConfigurationState.Description.Version, _options.Profile);
        Compare(received, at);
        _reader.Section = null;
    }

    private void Compare(ConfigurationState received, long at)
    {
        if (received.Uuid is { } uuid)
        {
            if (_options.Uuid is not { } local)
                Log.UuidNotCompared(_options.Logger, uuid);
            else if (uuid != local)
                throw _errors.Uuid(uuid, local, at);
        }

        // A name that is the beginning of the local one passes: that is what peers do.
        if (!_options.MachineName.StartsWith(received.MachineName, StringComparison.Ordinal))
            throw _errors.MachineType(received.MachineName, _options.MachineName, at);
        if (received.PageBits != _options.PageBits)
            throw _errors.PageBits(received.PageBits, _options.PageBits, at);
        foreach (var row in MigrationCapabilityTable.All)
        {
            var local = _options.Capabilities[row.Capability];
            if (row.IsValidated && received.Capabilities.Contains(row.Capability) != local)
                throw _errors.Capability(row.Name, local, at);
        }
    }

    private void ReadSections()
    {
        while (true)
        {
            _reader.Section = null;
            var at = _reader.Position;
            var type = _reader.ReadByte();
            switch ((SectionType)type)
            {
                case SectionType.Eof:
                    return;
                case SectionType.Start or SectionType.Full:
                    ReadStartOrFull((SectionType)type);
                    break;
                case SectionType.Part or SectionType.End:
                    ReadPartOrEnd((SectionType)type);
                    break;
                case SectionType.Command:
                    ReadCommand(at);
                    break;
                default:
                    throw _errors.ElementType(type, at);
            }
        }
    }

    /// <summary>
    /// The description is for tools; a missing, wrong or short one is no error. It is read so that a source
    /// that writes it does not find the channel closed.
    /// </summary>
    private void DrainDescription()
    {
        try
        {
            if (!_reader.TryPeekByte(0, out var type))
                return;
            if (type != (byte)SectionType.VmDescription)
            {
                Log.DescriptionMissing(_options.Logger, type);
                return;
            }

            _reader.Skip(1);
            _reader.Skip(_reader.ReadUInt32());
        }
        catch (MigrationException e)
        {
            Log.DescriptionTruncated(_options.Logger, e);
        }
    }
}
