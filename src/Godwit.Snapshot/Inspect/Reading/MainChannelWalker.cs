using System.Buffers.Binary;
using Godwit.Migration;
using Godwit.VmState;
using Godwit.Wire;
using static Godwit.Wire.StreamNumber;

namespace Godwit.Snapshot;

/// <summary>Reads a main channel: header, configuration, sections, commands, description.</summary>
internal sealed class MainChannelWalker : IChannelWalker
{
    private const int DirtyBitmapVersion = 1;

    private readonly StreamSource _source;
    private readonly StreamFacts _facts;
    private readonly InspectOptions _options;
    private readonly InspectReport _report;
    private readonly InspectBudget _budget;
    private readonly RamWalker _ram;
    private readonly Dictionary<uint, StreamItem> _iterative = [];
    private StreamDescription? _description;
    private bool _isDescriptionSought;
    private int _itemsLeft;

    public MainChannelWalker(StreamSource source, StreamFacts facts, InspectOptions options, InspectReport report)
    {
        _source = source;
        _facts = facts;
        _options = options;
        _report = report;
        _budget = new InspectBudget(options);
        _ram = new RamWalker(source, facts, options, _budget);
        _itemsLeft = options.MaxItems;
    }

    public void Walk(List<StreamItem> items)
    {
        ReadItem(items, StreamItemKind.Header, ReadFileHeader);
        ReadItem(items, StreamItemKind.Configuration, ReadConfiguration);
        if (_facts.HasMappedRam)
            _report.Format = InspectFormat.MappedRam;
        while (ReadElement(items, long.MaxValue) != (byte)SectionType.Eof)
        {
        }

        // Without a description: postcopy, or a machine that suppresses it.
        if (!_source.IsAtEnd())
        {
            if (_source.Peek(1)[0] != (byte)SectionType.VmDescription)
                throw _source.Error("bytes after the end of the sections", "the description or the end", Hex(_source.Peek(1)[0]));
            ReadItem(items, StreamItemKind.VmDescription, ReadDescription);
        }

        if (!_source.IsAtEnd())
            throw _source.Error("bytes after the end of the stream", "end of file", Hex(_source.Peek(1)[0]));
    }

    private void ReadItem(List<StreamItem> items, StreamItemKind kind, Action<StreamItem> read)
    {
        if (--_itemsLeft < 0)
            throw _source.Error("too many items", "at most " + Number(_options.MaxItems), null);
        var item = new StreamItem { Kind = kind, Offset = _source.Position };
        items.Add(item);
        try
        {
            read(item);
            _source.Section = null;
        }
        finally
        {
            item.Length = _source.Position - item.Offset;
        }
    }

    private byte ReadElement(List<StreamItem> items, long limit)
    {
        ReadOnlySpan<byte> next = _source.Peek(1);
        if (next.IsEmpty)
            throw _source.Error("unexpected end of stream", "an element", "end of file");
        byte type = next[0];
        switch ((SectionType)type)
        {
            case SectionType.Eof:
                ReadItem(items, StreamItemKind.Eof, _ => _source.Skip(1));
                break;
            case SectionType.Start:
                ReadItem(items, StreamItemKind.Start, item => ReadIterative(item, limit));
                break;
            case SectionType.Part:
                ReadItem(items, StreamItemKind.Part, item => ReadIterative(item, limit));
                break;
            case SectionType.End:
                ReadItem(items, StreamItemKind.End, item => ReadIterative(item, limit));
                break;
            case SectionType.Full:
                ReadItem(items, StreamItemKind.Full, item => ReadFull(item, limit));
                break;
            case SectionType.Command:
                ReadItem(items, StreamItemKind.Command, ReadCommand);
                break;
            default:
                throw _source.Error("Unknown section type " + Number(type), "0..4 or 8", Hex(type));
        }

        return type;
    }

    private void ReadFileHeader(StreamItem item)
    {
        uint magic = _source.ReadUInt32();
        if (magic != StreamConstants.Magic)
            throw _source.Error("Not a migration stream", Hex(StreamConstants.Magic), Hex(magic), item.Offset);
        uint version = _source.ReadUInt32();
        item.VersionId = version;
        if (version != StreamConstants.Version)
        {
            string reason = version == StreamConstants.ObsoleteVersion ? "SaveVM v2 format is obsolete" : "Unsupported migration stream version";
            throw _source.Error(reason, Number(StreamConstants.Version), Number(version), item.Offset + 4);
        }
    }

    private void ReadConfiguration(StreamItem item)
    {
        byte type = _source.ReadByte();
        if (type != (byte)SectionType.Configuration)
            throw _source.Error("Configuration section missing", "0x07", Hex(type), item.Offset);
        _source.Section = "configuration";
        item.VersionId = 1;
        item.Body = new ConfigurationDecoder(_source, _facts).Decode();
    }

    private void ReadSectionHeader(StreamItem item)
    {
        _source.Skip(1);
        uint id = _source.ReadUInt32();
        item.SectionId = id;
        string idString = _source.ReadCountedString();
        if (idString.Length == 0)
            throw _source.Error("Unable to read ID string for section " + Number(id), "a name", "an empty name", item.Offset);
        item.IdString = idString;
        _source.Section = idString;
        item.InstanceId = _source.ReadUInt32();
        item.VersionId = _source.ReadUInt32();
    }

    private void ReadFooter(StreamItem item)
    {
        if (!_options.HasFooters)
            return;
        long at = _source.Position;
        byte footer = _source.ReadByte();
        if (footer != (byte)SectionType.Footer)
            throw _source.Error($"Missing section footer for {item.IdString}", "0x7e", Hex(footer), at);
        uint id = _source.ReadUInt32();
        if (id != item.SectionId)
        {
            throw _source.Error(
                $"Mismatched section id in footer for {item.IdString} - read {Hex(id)} expected {Hex(item.SectionId!.Value)}",
                Hex(item.SectionId.Value),
                Hex(id),
                at);
        }
    }

    private void ReadIterative(StreamItem item, long limit)
    {
        if (item.Kind == StreamItemKind.Start)
            ReadStartHeader(item);
        else
            ReadContinuedHeader(item);

        switch (item.IdString)
        {
            case RamSaveVm.IdString:
                _ram.Walk(item, item.Kind == StreamItemKind.Start);
                break;
            case "dirty-bitmap":
                item.Body = new DirtyBitmapWalker(_source, _budget).Walk();
                break;
            default:
                SkipUndescribed(item, limit);
                break;
        }

        ReadFooter(item);
    }

    private void ReadStartHeader(StreamItem item)
    {
        ReadSectionHeader(item);
        int highest = item.IdString switch { RamSaveVm.IdString => RamRecord.SectionVersion, "dirty-bitmap" => DirtyBitmapVersion, _ => int.MaxValue };
        bool isKnown = item.VersionId <= highest && (item.IdString is not RamSaveVm.IdString || item.VersionId == RamRecord.SectionVersion);
        if (!isKnown)
        {
            throw _source.Error(
                $"unsupported version {Number(item.VersionId!.Value)} for '{item.IdString}' v{Number(highest)}", Number(highest), Number(item.VersionId.Value));
        }

        _iterative[item.SectionId!.Value] = item;
    }

    private void ReadContinuedHeader(StreamItem item)
    {
        _source.Skip(1);
        uint id = _source.ReadUInt32();
        item.SectionId = id;
        if (!_iterative.TryGetValue(id, out StreamItem? start))
            throw _source.Error("Unknown section " + Number(id), "the id of a START section", Number(id), item.Offset);
        item.IdString = start.IdString;
        item.InstanceId = start.InstanceId;
        item.VersionId = start.VersionId;
        _source.Section = item.IdString;
    }

    private void ReadFull(StreamItem item, long limit)
    {
        ReadSectionHeader(item);
        _source.MakeSeekable();
        SeekDescription();
        DescribedDevice? device = _description?.Match(item.IdString!, item.InstanceId!.Value);
        if (device is not null)
            ReadDescribed(item, device);
        else if (_description is not null && limit == long.MaxValue)
            throw _source.Error($"section '{item.IdString}' is not in the description", "a described device", item.IdString);
        else
            SkipUndescribed(item, limit);
        ReadFooter(item);
    }

    private void ReadDescribed(StreamItem item, DescribedDevice device)
    {
        var decoder = new BodyDecoder(_source, _budget);
        if (device.OpaqueSize is long size)
        {
            item.Body = decoder.DecodeOpaque(size);
        }
        else
        {
            if (unchecked((uint)device.Body.Version) != item.VersionId)
            {
                throw _source.Error(
                    "version differs from the description", Number(device.Body.Version), Number(item.VersionId!.Value), item.Offset);
            }

            item.Body = decoder.Decode(device.Body);
        }

        item.IsBodyDropped = decoder.HasDropped;
    }

    private void SkipUndescribed(StreamItem item, long limit)
    {
        if (!_options.HasFooters)
            throw _source.Error($"section '{item.IdString}' has neither description nor footer", "a description", null);
        _source.MakeSeekable();
        long end = Math.Min(limit, _source.Length!.Value);
        long start = _source.Position;
        if (FooterScanner.SkipToFooter(_source, item.SectionId!.Value, end) < 0)
        {
            _source.Seek(end);
            throw _source.Error($"no footer for section '{item.IdString}'", "a footer", "end of stream", start);
        }
    }

    private void ReadCommand(StreamItem item)
    {
        _source.Skip(1);
        ushort id = _source.ReadUInt16();
        ushort length = _source.ReadUInt16();
        var command = (MigrationCommand)id;
        if (MigrationCommandFormat.Find(command) is not { } layout)
            throw _source.Error($"MIG_CMD {Hex(id)} unknown (len {Hex(length)})", "1..11", Number(id), item.Offset);
        item.Command = layout.Name;
        _source.Section = layout.Name;
        bool isGoodLength = layout.Fits(length) && (command != MigrationCommand.PostcopyAdvise || length is 0 or MigrationCommandFormat.AdviseBytes);
        if (!isGoodLength)
            throw _source.Error($"{layout.Name} received with bad length", StreamNames.Lengths(layout), Number(length), item.Offset);
        item.Payload = _source.ReadBytes(length);
        if (command == MigrationCommand.PostcopyAdvise && length == MigrationCommandFormat.AdviseBytes)
            _facts.IsPostcopyRamAdvised = true;
        if (command == MigrationCommand.Packaged)
            ReadPackage(item);
    }

    private void ReadPackage(StreamItem item)
    {
        long end = _source.Position + BinaryPrimitives.ReadUInt32BigEndian(item.Payload.Span);
        if (_source.Length is long length && end > length)
            throw _source.Error("package reaches beyond the stream", Number(length - _source.Position), Number(end - _source.Position));
        var nested = new List<StreamItem>();
        item.Items = nested;
        while (_source.Position < end)
        {
            if (IsPackageCommand())
                throw _source.Error("package inside a package", "sections and commands", "PACKAGED");
            ReadElement(nested, end);
            if (_source.Position > end)
                throw _source.Error("an element reaches beyond its package", Hex((ulong)end), Hex((ulong)_source.Position));
        }
    }

    private bool IsPackageCommand() => _source.Peek(3) is [(byte)SectionType.Command, 0, (byte)MigrationCommand.Packaged];

    /// <summary>Finds and parses the description once; without one, sections are delimited by their footers.</summary>
    private void SeekDescription()
    {
        if (_isDescriptionSought)
            return;
        _isDescriptionSought = true;
        long back = _source.Position;
        string? section = _source.Section;
        foreach (long offset in DescriptionLocator.Find(_source, back, _options.MaxDescriptionBytes))
        {
            _source.Seek(offset);
            try
            {
                _description = ParseDescription();
                break;
            }
            catch (StreamFormatException)
            {
                // Not a description after all, or a damaged one: its own item will say what is wrong with it.
                continue;
            }
        }

        _source.Seek(back);
        _source.Section = section;
    }

    private void ReadDescription(StreamItem item)
    {
        _source.Section = "vmdescription";
        StreamDescription parsed = ParseDescription();
        item.Description = parsed;
        if (parsed.PageSize is long pageSize && pageSize != _facts.PageSizeBytes)
            throw _source.Error("page size of the description differs", Number(_facts.PageSizeBytes), Number(pageSize), item.Offset);
        foreach (DescribedDevice device in _description?.Devices ?? [])
        {
            if (!device.IsUsed)
                throw _source.Error($"device '{device.Name}' of the description has no section", "a section", null, item.Offset);
        }
    }

    private StreamDescription ParseDescription()
    {
        long at = _source.Position;
        _source.Skip(1);
        uint length = _source.ReadUInt32();
        if (length > (uint)_options.MaxDescriptionBytes)
            throw _source.Error("description too long", "at most " + Number(_options.MaxDescriptionBytes), Number(length), at);
        long textAt = _source.Position;
        return DescriptionParser.Parse(_source.ReadBytes((int)length), textAt);
    }
}
