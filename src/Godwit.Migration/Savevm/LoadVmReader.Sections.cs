using Godwit.Memory;
using Godwit.VmState;

namespace Godwit.Migration;

/// <content>Sections: headers, owners and footers.</content>
public sealed partial class LoadVmReader
{
    // The source's numbers are looked up through the entry that announced them, so that the table cannot outgrow the registry.
    private readonly Dictionary<SaveStateEntry, StartedSection> _started = [];
    private StartedSection? _last;

    private sealed record StartedSection(SaveStateEntry Entry, uint SectionId, uint Version);

    private void ReadStartOrFull(SectionType type)
    {
        var at = _reader.Position;
        var sectionId = _reader.ReadUInt32();
        at += sizeof(uint);
        var idString = _reader.ReadCountedString();
        if (idString.Length == 0)
            throw _errors.EmptyIdString(sectionId, at);
        _reader.Section = idString;
        var instanceId = _reader.ReadUInt32();
        var version = _reader.ReadUInt32();

        var entry = _options.Registry.Find(idString, instanceId, _options.Profile)
            ?? throw _errors.UnknownSection(idString, instanceId, at);
        VmStateCodec.CheckVersion(entry, _reader, version, _options.Profile);
        _peer.Note(entry, version);
        if (type == SectionType.Start)
        {
            if (entry.Handlers is null)
                throw _errors.NotIterative(idString, at);
            _last = _started[entry] = new StartedSection(entry, sectionId, version);
        }

        using (EnterBigLock())
        {
            if (type == SectionType.Full)
                VmStateCodec.Load(entry, _reader, version, _options.Profile);
            else
                VmStateCodec.LoadByHandlers(entry, _reader, version, type);
        }

        ReadFooter(idString, sectionId);
    }

    private void ReadPartOrEnd(SectionType type)
    {
        var at = _reader.Position;
        var sectionId = _reader.ReadUInt32();
        var section = FindStarted(sectionId) ?? throw _errors.UnknownId(sectionId, at);
        _reader.Section = section.Entry.IdString;
        VmStateCodec.LoadByHandlers(section.Entry, _reader, section.Version, type);
        ReadFooter(section.Entry.IdString, sectionId);
    }

    private StartedSection? FindStarted(uint sectionId)
    {
        if (_last is { } last && last.SectionId == sectionId)
            return last;
        foreach (var section in _started.Values)
        {
            if (section.SectionId == sectionId)
                return _last = section;
        }

        return null;
    }

    private void ReadFooter(string idString, uint sectionId)
    {
        var at = _reader.Position;
        var mark = _reader.ReadByte();
        if (mark != (byte)SectionType.Footer)
            throw _errors.FooterByte(idString, mark, at);
        at = _reader.Position;
        var found = _reader.ReadUInt32();
        if (found != sectionId)
            throw _errors.FooterId(idString, found, sectionId, at);
    }

    private BigLock.Scope EnterBigLock() => _options.BigLock is { } bigLock ? bigLock.Enter() : default;
}
