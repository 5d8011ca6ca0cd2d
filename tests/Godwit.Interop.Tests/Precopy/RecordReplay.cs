using System.Buffers;
using Godwit.Memory;
using Godwit.Migration;
using Godwit.Wire;

namespace Godwit.Interop.Tests;

/// <summary>Gives the pages of a captured stream, in the order in which they were sent, to Godwit's sender and keeps what it writes.</summary>
internal sealed class RecordReplay : IDisposable
{
    /// <summary>More slots than the machine has pages, so no page ever loses its slot.</summary>
    public const long CacheBytes = 256 << 20;

    private readonly MemorySystem _memory = new();
    private readonly ArrayBufferWriter<byte> _written = new();
    private readonly XbzrleSender _sender = new(CacheBytes, new XbzrleStatistics());
    private readonly MigrationWriter _writer;
    private readonly RamRecordEncoder _encoder;
    private readonly Dictionary<string, (RamBlock Block, int Order)> _blocks = new(StringComparer.Ordinal);
    private (int Order, long Offset) _last = (-1, 0);

    /// <summary>Starts with the blocks of a machine.</summary>
    /// <param name="blocks">Names and lengths in the order of the block list.</param>
    public RecordReplay(IEnumerable<(string Name, ulong LengthBytes)> blocks)
    {
        _writer = MigrationWriter.ToMemory(_written);
        _encoder = new RamRecordEncoder(_writer);
        using BigLock.Scope held = _memory.BigLock.Enter();
        foreach ((string name, ulong length) in blocks)
            _blocks.Add(name, (MemoryRegion.CreateRam(_memory, name, length).RamBlock!, _blocks.Count));
    }

    public XbzrleStatistics Statistics => _sender.Statistics;

    /// <summary>Whether a page was sent for the second time: from then on differences are sent.</summary>
    public bool HasWrapped { get; private set; }

    /// <summary>Sends a page that the capture has a record of.</summary>
    public void Send(string name, long offset, ReadOnlySpan<byte> page, bool isZero, bool isLastSection)
    {
        (RamBlock block, int order) = _blocks[name];
        HasWrapped |= (order, offset).CompareTo(_last) <= 0;
        _last = (order, offset);
        var place = new RamOffset((ulong)offset);
        if (isZero)
        {
            _encoder.WriteZero(block, place);
            if (HasWrapped)
                _sender.RememberZero(block.ToRamAddress(place), generation: 1, isLastSection);
        }
        else if (!HasWrapped || _sender.Send(_encoder, _writer, block, place, page, generation: 1, isLastSection) == XbzrlePageOutcome.NotCached)
        {
            _encoder.WritePageCopy(block, place, page);
        }
    }

    /// <summary>Ends a section and returns its body.</summary>
    public byte[] EndSection()
    {
        _encoder.WriteEndOfSection();
        _writer.Flush();
        byte[] body = _written.WrittenSpan.ToArray();
        _written.ResetWrittenCount();
        return body;
    }

    public void Dispose()
    {
        _sender.Dispose();
        _memory.Dispose();
    }
}
